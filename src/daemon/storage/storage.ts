/**
 * What banger keeps on disk, over all rooms: how much it takes, and how it is removed when nothing uses it.
 *
 * Laws: measuring changes nothing. What is removed was not used when it was looked at, and is looked at again, alone behind the
 * gate, at the moment when it goes. Each thing goes in one step that can be repeated: a daemon that dies in between leaves it or
 * has removed it, and the next one finishes what was begun.
 */
import type { PruneReport, StorageUse } from "../../contract/schemas/storage.ts";
import type { Builds } from "../../builds/builds.ts";
import type { Images } from "../../images/images.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { Leases, OperationContext, Operations } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { Vms } from "../../vms/vms.ts";
import type { Leftover } from "../doctor/find-leftovers.ts";
import type { Budgets } from "./decide-prune.ts";
import type { Gate } from "./gate.ts";

export interface PruneRequest extends Budgets {
  readonly images: boolean;
  readonly kernels: boolean;
  readonly vms: boolean;
  readonly dryRun: boolean;
}

export interface ImagePruneRequest extends Pick<Budgets, "before"> {
  /** Also those that are whole, but for the default one. */
  readonly all: boolean;
  readonly dryRun: boolean;
}

export interface Storage {
  /** One use for each kind of thing, also for those of which there is none. */
  measure(): Promise<{ readonly uses: StorageUse[]; readonly freeBytes: number }>;
  /** Stages: `look`, `remove`. Throws `invalid` `vms_need_age`. */
  prune(request: PruneRequest, context: OperationContext): Promise<PruneReport>;
  /** Of images alone: those that cannot be read, and all others when that is asked for; and what steps of builds left. Stages: `look`, `remove`. */
  pruneImages(request: ImagePruneRequest, context: OperationContext): Promise<PruneReport>;
  /** Finishes removals that a daemon began and did not live to finish, and removes files that it had half written. Before listening. */
  reconcile(): Promise<void>;
}

export interface StorageParts {
  readonly system: System;
  readonly vms: Pick<Vms, "list" | "usersOf" | "delete">;
  readonly images: Pick<Images, "list" | "delete">;
  readonly builds: Pick<Builds, "forgetStep">;
  readonly kernels: Pick<Kernels, "list" | "delete" | "findUnusedInitrds">;
  readonly operations: Pick<Operations, "measureEnded" | "forgetEnded">;
  readonly leases: Pick<Leases, "write" | "drop" | "list">;
  /** The agent of this banger, which is in use as long as it runs. */
  readonly agentPath: string;
  readonly gate: Gate;
  /** What a vm is made of when nobody names an image. */
  readonly defaultImage: string;
  /** What nothing holds though it should be held: the doctor's to remove. */
  readonly leftovers: () => Promise<readonly Pick<Leftover, "kind" | "what">[]>;
}
