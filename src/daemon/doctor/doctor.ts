/**
 * Looks at everything that banger needs, and for what nothing holds any more. It changes nothing but what `fix` allows: the
 * removal of leftovers.
 */
import type { DoctorReport } from "../../contract/schemas/finding.ts";
import type { Probe } from "../../contract/probe.ts";
import type { VmState } from "../../contract/schemas/vm.ts";
import type { Driver } from "../../drivers/drivers.ts";
import type { Images } from "../../images/images.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { Network } from "../../network/network.ts";
import type { Lease, Leases, OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { ConfigFile } from "../config-file.ts";
import type { Gate } from "../storage/gate.ts";
import type { Leftover } from "./find-leftovers.ts";

export interface DoctorRequest {
  readonly deep: boolean;
  readonly fix: boolean;
}

export interface Doctor {
  /** Stages: `probes`, `goods`, `leftovers`. Never fails for what it finds. */
  run(request: DoctorRequest, context: Pick<OperationContext, "stage" | "signal">): Promise<DoctorReport>;
  /** What nothing holds, found twice. */
  leftovers(): Promise<readonly Leftover[]>;
}

/** Who can hold what carries our names. */
export interface Holders {
  /** States of all vms, by their ids. */
  readonly vms: ReadonlyMap<string, VmState>;
  readonly leases: readonly Lease[];
  readonly runningOperations: ReadonlySet<string>;
}

export interface DoctorParts {
  readonly system: System;
  readonly uid: number;
  /** As the daemon read it; undefined where no daemon runs. */
  readonly config: ConfigFile | undefined;
  /** Of the rooms. */
  readonly probes: readonly Probe[];
  readonly drivers: readonly Driver[];
  readonly network: Pick<Network, "findServants">;
  readonly images: Pick<Images, "list" | "verify">;
  readonly kernels: Pick<Kernels, "list" | "verify">;
  readonly holders: () => Promise<Holders>;
  /** What removes; undefined where no daemon runs: then nothing is removed. */
  readonly remover: Remover | undefined;
}

interface Remover {
  readonly leases: Pick<Leases, "drop">;
  readonly gate: Gate;
  /** Removes what builds left: some of it is of other users' ids. */
  readonly reconcileBuilds: () => Promise<void>;
}
