/** What the room works with. `daemon/wire.ts` chooses the implementations. */
import type { OpenAgent } from "../agent/agent.ts";
import type { Disks } from "../disks/disks.ts";
import type { Driver } from "../drivers/drivers.ts";
import type { Images } from "../images/images.ts";
import type { Kernels } from "../kernels/kernels.ts";
import type { Network } from "../network/network.ts";
import type { Ports } from "../ports/ports.ts";
import type { Leases, OperationContext } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import type { NetworkRows } from "./networks/network-rows.ts";
import type { Peers } from "./networks/peers.ts";
import type { VmRows } from "./vm-rows.ts";

export interface VmDependencies {
  readonly system: System;
  readonly rows: VmRows;
  readonly leases: Leases;
  readonly images: Images;
  readonly kernels: Kernels;
  readonly disks: Disks;
  readonly network: Network;
  readonly ports: Ports;
  /** Networks that vms have in common, and where their vms are. */
  readonly networks: NetworkRows;
  readonly peers: Peers;
  /** Every one: a vm may run under one that is no longer offered. */
  readonly drivers: readonly Driver[];
  /** Names of the drivers for new vms, in the order of preference. */
  readonly offered: readonly string[];
  readonly openAgent: OpenAgent;
  readonly host: HostFacts;
  readonly defaults: VmDefaults;
  /** Told when something failed half way: rows and computer may disagree, and `reconcile` is wanted soon. */
  readonly onTrouble: () => void;
}

/** What was found out about this computer. */
export interface HostFacts {
  readonly cpus: number;
  readonly memoryMiB: number;
  /** The rate of the time stamp counter, for guests without KVM's clock; undefined when it cannot be relied on. */
  tscKHz(): Promise<number | undefined>;
}

export interface VmDefaults {
  readonly image: string;
  /** Whether the config names it. */
  readonly isImageConfigured: boolean;
  /** Of an image that names none. */
  readonly kernel: string;
  readonly memoryMiB: number;
  readonly layerBytes: number;
  readonly workBytes: number;
  /** How long a guest may take until its agent speaks, and then for each of its answers. */
  readonly bootDeadlineMs: number;
}

/** The part of an operation that the walk needs; `makeQuietSteps` gives one for work that nobody asked for. */
export type Steps = Pick<OperationContext, "signal" | "stage" | "notice">;

export function makeQuietSteps(signal = new AbortController().signal): Steps {
  return {
    signal,
    stage: (_stage, body) => body({ progress: () => undefined, note: () => undefined }),
    notice: () => undefined,
  };
}

/** The driver of this name. */
export function driverOf(dependencies: VmDependencies, name: string): Driver {
  const driver = dependencies.drivers.find((candidate) => candidate.name === name);
  if (driver === undefined) throw new Error(`no driver ${name} is wired`);
  return driver;
}
