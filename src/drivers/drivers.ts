/**
 * Room `drivers`: VMMs behind one interface.
 *
 * Laws, kept by `driver-suite.ts` for every driver:
 * - `launch` gives a VMM that runs the guest, or throws and leaves no process and no socket.
 * - A VMM outlives the daemon. `adopt` finds it again from its record: the process must be the same by pid and start time.
 * - `exited` resolves once, with why; it never rejects. `explainEnd` tells of an end that was an orderly one only when this very
 *   start of the guest ended so.
 * - `kill` resolves when the process is gone. Twice is once. Disposal is kill; `letGo` ends the watching and leaves it running.
 * - A guest whose write finds no room on the host's disk is held in the middle of it, not failed.
 * - The guest's bytes reach nobody but the agent stream and the console log. What it said before `exited` resolves is in the log.
 * - Argument lists are pure functions of the plan.
 * Never ask which driver it is: ask for a capability.
 */
import type { Socket } from "node:net";
import type { LinkEnd } from "../contract/link.ts";
import type { ProcessIdentity } from "../system/system.ts";

export interface Capabilities {
  readonly pause: boolean;
  /** Whether a guest can be told, while it runs, that a disk has become longer. */
  readonly growDiskLive: boolean;
  readonly snapshot: boolean;
  /** Network ends that it takes. */
  readonly links: readonly LinkEnd["kind"][];
  /** Whether guests are real: a kernel of their own behind a hardware or emulated boundary. */
  readonly isolates: boolean;
}

export type Acceleration = "kvm" | "tcg" | "none";

/** What a driver found out about this computer. The hint of one that can be used says what to type for a better acceleration. */
export type DriverProbe =
  | {
      readonly usable: true;
      readonly acceleration: Acceleration;
      readonly reason: string;
      readonly version: string;
      readonly hint?: string;
    }
  | { readonly usable: false; readonly reason: string; readonly hint: string };

export interface DiskPart {
  /** At most 20 characters; the guest finds the disk by it. */
  readonly serial: "base" | "layer" | "work";
  readonly path: string;
  readonly readOnly: boolean;
}

export { makeConsoles, type Consoles } from "./console/console.ts";

/** All that a VMM needs, complete. */
export interface LaunchPlan {
  readonly vmId: string;
  readonly name: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly acceleration: Acceleration;
  readonly kernelPath: string;
  readonly initrdPath: string;
  readonly needsAcpi: boolean;
  /** Of the host, for guests without a clock of KVM's; undefined when not needed or not known. */
  readonly tscKHz: number | undefined;
  readonly disks: readonly DiskPart[];
  readonly link: LinkEnd;
  /** Ours, empty, mode 0700; sockets go here. */
  readonly runFolder: string;
  /** What the guest writes on its serial port, appended; `console/console.ts` has who does so. */
  readonly consoleLogPath: string;
  /** What the VMM itself says. */
  readonly vmmLogPath: string;
}

/** What is stored to find a VMM again. */
export interface VmmRecord {
  readonly driver: string;
  readonly vmId: string;
  readonly identity: ProcessIdentity;
  readonly runFolder: string;
}

/** Why a VMM is gone. */
export type VmmExit =
  | { readonly reason: "guest-power-off" }
  | { readonly reason: "guest-reset"; readonly detail: string }
  | { readonly reason: "guest-panic"; readonly detail: string }
  /** What came between kernel and agent could not go on. */
  | { readonly reason: "guest-failed"; readonly detail: string }
  | { readonly reason: "killed" }
  | { readonly reason: "crashed"; readonly detail: string };

export interface RunningVmm extends AsyncDisposable {
  readonly record: VmmRecord;
  readonly exited: Promise<VmmExit>;
  /** A fresh connection to the agent's byte stream. One at a time. */
  connectAgent(signal: AbortSignal): Promise<Socket>;
  /** A connection whose bytes are typed on the guest's serial port. What the guest answers is in the console log. */
  connectConsole(signal: AbortSignal): Promise<Socket>;
  kill(): Promise<void>;
  /** With capability `pause`: the guest stands still, its clock and its connections too. Twice is once. */
  pause(): Promise<void>;
  /** Lets it go on after a pause, and after it was held. Twice is once. */
  resume(): Promise<void>;
  /** Resolves when the guest is held because the host's disk is full, at once when it is. */
  watchHeld(signal: AbortSignal): Promise<void>;
  /** Whether the guest stands still now because it was paused; false without the capability. */
  isPaused(): Promise<boolean>;
  /** With capability `growDiskLive`: tells the guest that a disk, whose file is that long already, has `bytes`. Twice is once. */
  growDisk(serial: DiskPart["serial"], bytes: number): Promise<void>;
  /** Stops watching; the VMM runs on. */
  letGo(): Promise<void>;
}

export interface Driver {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Looks without changing; the answer is kept per boot. */
  probe(signal: AbortSignal): Promise<DriverProbe>;
  launch(plan: LaunchPlan, signal: AbortSignal): Promise<RunningVmm>;
  /** Undefined when that process is gone. */
  adopt(record: VmmRecord, signal: AbortSignal): Promise<RunningVmm | undefined>;
  /** How a VMM that is gone ended while nobody watched it, by what it left; undefined when that tells nothing. */
  explainEnd(record: VmmRecord): Promise<VmmExit | undefined>;
  /** VMMs of this driver and keepers of consoles, found by looking, by vm id. */
  findStrays(): readonly { readonly vmId: string; readonly identity: ProcessIdentity }[];
}
