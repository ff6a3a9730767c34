/**
 * Room `agent`: the host end of the wire to the guest agent (`docs/wire.md`). Everything that arrives is hostile: lines and
 * JSON are capped before they are kept and parsed strictly; a guest can break its own connection and nothing else.
 *
 * Laws:
 * - The host opens every stream; the guest speaks first, with hello.
 * - `openAgent` waits for the guest, not for time: it resolves on hello and sync, rejects at the deadline, on abort, or when
 *   the byte stream ends.
 * - A stream that was reset is an error, whatever `end` says.
 * - `closed` resolves once when the connection is of no more use, for whatever reason; every open stream then fails.
 */
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";
import type { GuestAddress } from "../contract/link.ts";

export interface Hello {
  readonly protocol: number;
  readonly agent: string;
  /** Random per boot, 32 hex digits. */
  readonly boot: string;
}

export interface GuestPlan {
  readonly hostname: string;
  readonly init: "agent" | "systemd";
  readonly time: { readonly unixMs: number };
  /** 32 bytes, hex. */
  readonly entropy: string;
  readonly root: {
    readonly base: { readonly serial: string; readonly format: "squashfs" };
    readonly layer: { readonly serial: string };
  } | null;
  readonly work: { readonly serial: string; readonly mount: string } | null;
  readonly network: GuestAddress | null;
  readonly env: Readonly<Record<string, string>>;
}

export interface GuestReport {
  readonly stages: readonly { readonly name: string; readonly ms: number }[];
  readonly kernel: string;
}

export interface Health {
  readonly state: "waiting" | "configured" | "handed-over";
  readonly uptimeMs: number;
  readonly init: "agent" | "systemd";
}

export interface Offer {
  readonly id: number;
  readonly purpose: string;
}

export interface Agent extends AsyncDisposable {
  readonly hello: Hello;
  /** Resolves with why, in words. */
  readonly closed: Promise<string>;
  health(signal: AbortSignal): Promise<Health>;
  /** Once per boot; the same plan again is fine. */
  configure(plan: GuestPlan, signal: AbortSignal): Promise<GuestReport>;
  /** Raw exec frames both ways; the caller writes the spec first. Destroying it resets the stream, and the command gets SIGHUP. */
  openExec(signal: AbortSignal): Promise<Duplex>;
  powerOff(signal: AbortSignal): Promise<void>;
  /** A TCP connection to 127.0.0.1:`port` in the guest. Rejects with `refused` `guest_port_closed`. */
  dial(port: number, signal: AbortSignal): Promise<Duplex>;
  /** Streams that something in the guest wants opened. Ends with the connection. */
  watchOffers(signal: AbortSignal): AsyncIterable<Offer>;
  takeOffer(id: number, signal: AbortSignal): Promise<Duplex>;
}

export interface OpenAgentOptions {
  /** Gives the byte stream. */
  readonly connect: (signal: AbortSignal) => Promise<Socket>;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Opens a session with the guest agent. `makeOpenAgent` in `open-agent.ts` makes it. */
export type OpenAgent = (options: OpenAgentOptions) => Promise<Agent>;

export { runCommand } from "./run-command.ts";
export { watchCommand } from "./watch-command.ts";
