/**
 * Room `vms`: the heart. A vm is a row in the database, a folder, and while it runs a VMM with one supervisor.
 *
 * Laws:
 * - The row is the truth and memory is a cache: every state is written before it is told, and a restart of the daemon finds
 *   running VMMs again and goes on.
 * - Moves follow one pure table (`state.ts`); asking twice joins and never moves twice.
 * - A plan (`plan.ts`) is complete or all its problems are told at once, and nothing was touched.
 * - What was made is unmade in reverse when a later step fails.
 * - Listing never fails.
 */
import type { Duplex } from "node:stream";
import type { Agent } from "../agent/agent.ts";
import type { FollowedLine, LogPart } from "../contract/schemas/log.ts";
import type { Forward } from "../contract/schemas/forward.ts";
import type { GrantChange } from "../contract/schemas/grants.ts";
import type { VmFilter } from "../contract/schemas/filters.ts";
import type { GuestInit } from "../contract/schemas/init.ts";
import type { Requirement } from "../contract/schemas/requirement.ts";
import type { GuestPorts } from "../contract/schemas/guest.ts";
import type { VmStats } from "../contract/schemas/vm-stats.ts";
import type { Vm } from "../contract/schemas/vm.ts";
import type { OperationContext } from "../operations/operations.ts";
import type { NamedNetworks } from "./networks/named-networks.ts";
import type { LogRequest } from "./logs/log-request.ts";

/** What a user may say of a vm to make. Sizes in bytes. Everything absent gets a default. */
export interface CreateRequest {
  readonly name?: string | undefined;
  readonly image?: string | undefined;
  readonly kernel?: string | undefined;
  readonly driver?: string | undefined;
  readonly cpus?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly diskBytes?: number | undefined;
  readonly workDiskBytes?: number | undefined;
  readonly nat?: boolean | undefined;
  /** One that it has in common with other vms. */
  readonly network?: string | undefined;
  readonly publish?: readonly Forward[] | undefined;
  readonly unsafeNet?: boolean | undefined;
  readonly allowHost?: readonly number[] | undefined;
  readonly allowLan?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly init?: "auto" | GuestInit | undefined;
  readonly ephemeral?: boolean | undefined;
  /** Besides those of the image. */
  readonly requirements?: readonly Requirement[] | undefined;
  /** False: leaves it `stopped`. */
  readonly start?: boolean | undefined;
}

/** What can be set of a vm later; what is absent stays. Null takes away. */
export interface ChangeRequest {
  readonly cpus?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly diskBytes?: number | undefined;
  readonly workDiskBytes?: number | undefined;
  readonly allowHost?: readonly GrantChange<number>[] | undefined;
  readonly allowLan?: readonly GrantChange<string>[] | undefined;
  readonly network?: string | null | undefined;
  readonly unsafeNet?: true | undefined;
  readonly env?: Readonly<Record<string, string | null>> | undefined;
  readonly labels?: Readonly<Record<string, string | null>> | undefined;
}

export interface DuplicateRequest {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ephemeral: boolean;
}

export { diskPathsOf } from "./disk-paths.ts";
export { LEAST_MEMORY_MIB } from "./shape.ts";
export type { LogRequest } from "./logs/log-request.ts";

export interface Vms {
  readonly networks: NamedNetworks;
  /**
   * Stages: resolve, disk, work disk, network, boot, agent, guest. Of a failure nothing is left, but of one: a requirement that is not
   * met is `timeout` `requirement_not_met`, and the vm runs.
   * @param from a folder with disks that were copied: the vm's are copies of those.
   */
  create(request: CreateRequest, context: OperationContext, from?: string): Promise<Vm>;
  /**
   * A vm of its own that has copies of another's disks, as they are at this moment, and starts: with the agent alone, and without a network.
   * A guest that runs stands still while it is copied. Stages: copy, then as `start`.
   */
  duplicate(ref: string, as: DuplicateRequest, context: OperationContext): Promise<Vm>;
  /** Copies of the disks, as `duplicate` makes them, in a folder: `create` takes it. Stage: copy. */
  copyDisks(ref: string, folder: string, context: OperationContext): Promise<void>;
  start(ref: string, context: OperationContext): Promise<Vm>;
  /** Asks the guest to power off; forces after `graceMs`. */
  stop(ref: string, graceMs: number, context: OperationContext): Promise<Vm>;
  kill(ref: string, context: OperationContext): Promise<Vm>;
  /** Makes the guest stand still. Throws `unsupported` `cannot_pause` where the driver cannot. */
  pause(ref: string, context: OperationContext): Promise<Vm>;
  /** Lets it go on, and sets its clock right. */
  resume(ref: string, context: OperationContext): Promise<Vm>;
  /** By the rules of `create`. What a running guest cannot take at once is `pending` until its next start. */
  change(ref: string, change: ChangeRequest, context: OperationContext): Promise<Vm>;
  /** Keeps a forward with the vm, or takes it away; a running vm has it at once. Throws `refused` `port_taken` where nobody can listen now. */
  forward(ref: string, forward: Forward, what: "add" | "remove"): Promise<Vm>;
  /** Throws `exists` `vm_exists`. The id stays. */
  rename(ref: string, name: string, context: OperationContext): Promise<Vm>;
  /** Refused while it runs, unless `force`. */
  delete(ref: string, options: { readonly force: boolean }, context: OperationContext): Promise<void>;
  /** All, or those that the filters want. Without filters the same array as before while nothing has changed; what disks take is at most a second old. */
  list(filters?: readonly VmFilter[]): Promise<readonly Vm[]>;
  /** By name or id. Throws `not_found` `vm_not_found`. */
  get(ref: string): Promise<Vm>;
  /** The agent of a running vm. Throws `refused` `vm_not_running` with the command that would start it. */
  agentOf(ref: string): Promise<Agent>;
  /** A raw exec stream (`contract/frames.ts`) into a running vm. */
  openExec(ref: string, signal: AbortSignal): Promise<Duplex>;
  /** A raw stream of a copy (`contract/copy-frames.ts`) into a running vm. */
  openCopy(ref: string, signal: AbortSignal): Promise<Duplex>;
  /** A TCP connection to 127.0.0.1:`port` in a running vm. Throws `refused` `guest_port_closed`. */
  dial(ref: string, port: number, signal: AbortSignal): Promise<Duplex>;
  /** What a vm uses now, or every vm that has a VMM; a guest that does not answer in time is left out of its vm's stats. */
  stats(ref: string | undefined): Promise<readonly VmStats[]>;
  /** What listens in the guest of a running vm. */
  ports(ref: string): Promise<GuestPorts>;
  /** A part of a log. The guest's own is asked for in the guest, which has to run. */
  readLog(ref: string, request: LogRequest, signal: AbortSignal): Promise<LogPart>;
  /** Parts of a log as they come; the last line says why there will be no more. Throws at once when there is no such vm. */
  followLog(ref: string, request: LogRequest, signal: AbortSignal): AsyncIterable<FollowedLine>;
  /** The serial port of a running vm, as a stream of `contract/console-frames.ts`. */
  openConsole(ref: string, from: number | undefined): Promise<Duplex>;
  /** Names of the vms that hold an image or a kernel. */
  usersOf(what: "image" | "kernel", name: string): readonly string[];
  /** Makes rows and the computer agree. Before listening. */
  reconcile(): Promise<void>;
  /** Lets every VMM run on and forgets them. */
  close(): Promise<void>;
}
