/** The room put together: rows and supervisors behind the front door. */
import { BangerError } from "../contract/errors.ts";
import type { Vm } from "../contract/schemas/vm.ts";
import type { OperationContext } from "../operations/operations.ts";
import { resolveBoot } from "./boot.ts";
import { changeVm, renameVm } from "./change.ts";
import { copyBoth, copyDisks } from "./copy-disks.ts";
import { freshDisks, makeRecord, prepareVm, type MakeDisks } from "./create.ts";
import type { VmDependencies } from "./dependencies.ts";
import { diskPathsIn } from "./disk-paths.ts";
import { describeUnreadable, describeVm } from "./describe.ts";
import { isWanted } from "./filter.ts";
import { addForward, removeForward } from "./forward.ts";
import { makeVmList } from "./list.ts";
import { openConsoleStream } from "./logs/console-stream.ts";
import { followLog, readLog } from "./logs/logs.ts";
import { reconcileVms } from "./reconcile.ts";
import { removeUnreadable } from "./remove-unreadable.ts";
import { resolvePlan } from "./resolve.ts";
import { decide } from "./state.ts";
import { makeNamedNetworks } from "./networks/named-networks.ts";
import { tellPeers } from "./networks/tell-peers.ts";
import { readStats } from "./stats.ts";
import { Supervisor } from "./supervise.ts";
import type { VmPlan, VmRecord } from "./vm-record.ts";
import type { UnreadableVm } from "./vm-rows.ts";
import { ENOUGH_BYTES } from "./watch-run.ts";
import type { Vms } from "./vms.ts";

/** What the room has in memory. */
export interface Held {
  readonly supervisors: Map<string, Supervisor>;
  /** Vms that are being made, by id: they hold their goods from the plan on, and nobody else touches what is theirs. */
  readonly making: Map<string, VmRecord>;
}

/** A guest with very many processes takes a while to look through them. */
const PORTS_DEADLINE_MS = 10_000;

export function makeVms(dependencies: VmDependencies): Vms {
  const { system, rows } = dependencies;
  const held: Held = { supervisors: new Map(), making: new Map() };
  const { supervisors, making } = held;
  const closing = new AbortController();
  let unreadable: readonly UnreadableVm[] = [];
  const supervise = (record: VmRecord): Supervisor => {
    const supervisor = new Supervisor(record, dependencies, () => supervisors.delete(record.id));
    supervisors.set(record.id, supervisor);
    return supervisor;
  };
  const teller = tellPeers(supervisors, dependencies);
  /** Who is told that a vm runs may count on its neighbours to know it. */
  const meetPeers = async (supervisor: Supervisor, signal: AbortSignal): Promise<void> => {
    if (supervisor.record.plan.network !== null && supervisor.isRunning) await teller.settled(signal);
  };
  const usersOf = (isUsed: (plan: VmPlan) => boolean): readonly string[] => {
    const records = new Map([...making, ...[...supervisors].map(([id, { record }]) => [id, record] as const)]);
    return [...records.values()].filter(({ plan }) => isUsed(plan)).map((record) => record.name);
  };
  const makeParts: MakeVmParts = { dependencies, making, supervise };
  const listAll = makeVmList(supervisors, () => unreadable, dependencies);
  const findUnreadable = (ref: string): UnreadableVm | undefined => {
    return unreadable.find(({ name }) => name === ref) ?? unreadable.find(({ id }) => id === ref);
  };
  const find = (ref: string): Supervisor => {
    const all = [...supervisors.values()];
    const found = all.find(({ record }) => record.name === ref) ?? all.find(({ record }) => record.id === ref);
    if (found !== undefined) return found;
    const odd = findUnreadable(ref);
    if (odd === undefined) throw new BangerError("not_found", "vm_not_found", `there is no vm ${ref}`, { hint: "banger vm list" });
    throw new BangerError("unavailable", "vm_unreadable", `cannot use vm ${odd.name}: ${odd.problem}`, {
      hint: `the version of banger that made it, or banger vm delete ${odd.name}`,
    });
  };
  /** The vm that an operation was asked to move; its name is what the operation is about, also when it was called by its id. */
  const aim = (ref: string, context: OperationContext): Supervisor => {
    const supervisor = find(ref);
    if (supervisor.record.name !== ref) context.about(supervisor.record.name);
    return supervisor;
  };
  const describe = (supervisor: Supervisor): Promise<Vm> => describeVm(supervisor.record, supervisor.problems, dependencies);
  /** An ephemeral vm is gone as soon as it has stopped: what is told of it is how it ended. */
  const describeStopped = async (supervisor: Supervisor): Promise<Vm> => {
    const vm = await describe(supervisor);
    return supervisors.has(vm.id) ? vm : { ...vm, state: "stopped" };
  };

  return {
    networks: makeNamedNetworks((name) => usersOf(({ network }) => network === name), dependencies),
    create: async (request, context, from) => {
      try {
        const plan = await context.stage("resolve", () => resolvePlan(request, dependencies, context.signal));
        const makeDisks = from === undefined ? freshDisks(plan, dependencies, context) : copyOf(from, dependencies, context);
        const supervisor = await makeVm({ plan, makeDisks, name: request.name, start: request.start !== false }, context, makeParts);
        await meetPeers(supervisor, context.signal);
        return await describe(supervisor);
      } finally {
        // Not before: making a blank takes the CPU from a guest that boots.
        refillPool(dependencies, closing.signal);
      }
    },
    duplicate: async (ref, { name, labels, ephemeral }, context) => {
      const source = find(ref);
      const plan: VmPlan = { ...source.record.plan, ...LONELY, labels: { ...labels }, ephemeral };
      const makeDisks: MakeDisks = (paths) => copyDisks(source, paths, dependencies, context);
      return describe(await makeVm({ plan, makeDisks, name, start: true }, context, makeParts));
    },
    copyDisks: async (ref, folder, context) => copyDisks(find(ref), diskPathsIn(folder), dependencies, context),
    start: async (ref, context) => {
      const supervisor = aim(ref, context);
      await supervisor.start(() => context.stage("resolve", () => resolveBoot(supervisor.record, dependencies, context.signal)), context);
      await meetPeers(supervisor, context.signal);
      return describe(supervisor);
    },
    stop: async (ref, graceMs, context) => {
      const supervisor = aim(ref, context);
      await supervisor.stop(graceMs, context);
      return describeStopped(supervisor);
    },
    kill: async (ref, context) => {
      const supervisor = aim(ref, context);
      await supervisor.stop(0, context);
      return describeStopped(supervisor);
    },
    pause: async (ref, context) => {
      const supervisor = aim(ref, context);
      await supervisor.pause(context);
      return describe(supervisor);
    },
    resume: async (ref, context) => {
      const supervisor = aim(ref, context);
      await supervisor.resume(context);
      return describe(supervisor);
    },
    change: async (ref, change, context) => {
      const supervisor = aim(ref, context);
      await changeVm(supervisor, change, dependencies, context);
      if (change.network !== undefined) await meetPeers(supervisor, context.signal);
      return describe(supervisor);
    },
    forward: async (ref, forward, what) => {
      const supervisor = find(ref);
      await (what === "add" ? addForward(supervisor, forward, dependencies) : removeForward(supervisor, forward));
      return describe(supervisor);
    },
    rename: async (ref, name, context) => {
      const supervisor = find(ref);
      await renameVm(supervisor, name, dependencies, context);
      context.about(supervisor.record.name);
      return describe(supervisor);
    },
    delete: async (ref, { force }, context) => {
      const odd = findUnreadable(ref);
      if (odd !== undefined) {
        await context.stage("delete", () => removeUnreadable(odd, dependencies));
        ({ unreadable } = rows.list());
        return;
      }
      const supervisor = aim(ref, context);
      const { state, plan } = supervisor.record;
      if (force && state !== "stopped" && decide(state, "kill").kind !== "refuse") await supervisor.stop(0, context);
      // An ephemeral vm is gone as soon as it has stopped.
      if (supervisors.has(supervisor.record.id) || !plan.ephemeral) await context.stage("delete", () => supervisor.delete(context));
    },
    list: async (filters = []) => {
      const vms = await listAll();
      return filters.length === 0 ? vms : vms.filter((vm) => isWanted(vm, filters));
    },
    get: async (ref) => {
      const odd = findUnreadable(ref);
      return odd === undefined ? describe(find(ref)) : describeUnreadable(odd);
    },
    agentOf: async (ref) => find(ref).agent(closing.signal),
    openExec: async (ref, signal) => (await find(ref).agent(signal)).openExec(signal),
    openCopy: async (ref, signal) => (await find(ref).agent(signal)).openCopy(signal),
    dial: async (ref, port, signal) => (await find(ref).agent(signal)).dial(port, signal),
    stats: (ref) => readStats(ref === undefined ? [...supervisors.values()].filter(hasVmm) : [find(ref)], dependencies),
    ports: async (ref) => {
      const agent = await find(ref).agent(closing.signal);
      return agent.ports(AbortSignal.any([closing.signal, AbortSignal.timeout(PORTS_DEADLINE_MS)]));
    },
    readLog: async (ref, request, signal) => readLog(find(ref), request, system, signal),
    followLog: (ref, request, signal) => followLog(find(ref), request, system, AbortSignal.any([signal, closing.signal])),
    openConsole: async (ref, from) => openConsoleStream(find(ref), from, system),
    usersOf: (what, name) => usersOf((plan) => plan[what] === name),
    reconcile: async () => {
      const listed = rows.list();
      ({ unreadable } = listed);
      for (const record of listed.records) if (!supervisors.has(record.id) && !making.has(record.id)) supervise(record);
      await dependencies.disks.reconcile();
      await reconcileVms(held, dependencies, closing.signal);
    },
    close: async () => {
      closing.abort(new BangerError("unavailable", "daemon_stopping", "the daemon is stopping", { hint: "banger daemon status" }));
      await Promise.all([...supervisors.values()].map((supervisor) => supervisor.letGo()));
    },
  };
}

function isNotReady(error: unknown): boolean {
  return error instanceof BangerError && error.code === "requirement_not_met";
}

function hasVmm({ record }: Supervisor): boolean {
  return record.boot !== null && record.boot.vmm !== null;
}

/** Makes blanks for the next vms, while nobody waits; on a full disk others need the room more. */
function refillPool({ disks, system, onTrouble }: VmDependencies, signal: AbortSignal): void {
  const refill = async (): Promise<void> => {
    if ((await system.files.freeBytes(system.layout.roots.state)) >= ENOUGH_BYTES) await disks.refill(signal);
  };
  refill().catch((error: unknown) => {
    if (signal.aborted) return;
    system.log.warn("cannot refill the pool of blanks", { error });
    onTrouble();
  });
}

/** Of a vm that is there to be looked into: it talks to nobody, and runs nothing by itself. */
const LONELY = {
  init: "agent",
  nat: false,
  network: null,
  forwards: [],
  allowHost: [],
  allowLan: [],
  requirements: [],
} as const satisfies Partial<VmPlan>;

function copyOf(folder: string, dependencies: VmDependencies, steps: OperationContext): MakeDisks {
  return (to) => steps.stage("disk", () => copyBoth(dependencies, diskPathsIn(folder), to, steps.signal));
}

interface MakeVmParts {
  readonly dependencies: VmDependencies;
  readonly making: Held["making"];
  readonly supervise: (record: VmRecord) => Supervisor;
}

interface Wanted {
  readonly plan: VmPlan;
  readonly makeDisks: MakeDisks;
  readonly name: string | undefined;
  readonly start: boolean;
}

/** The walk of `vm create` after its plan: row and disks, boot. A failure leaves nothing behind. */
async function makeVm(
  { plan, makeDisks, name, start }: Wanted,
  context: OperationContext,
  { dependencies, making, supervise }: MakeVmParts,
): Promise<Supervisor> {
  const record = makeRecord(plan, name, dependencies);
  making.set(record.id, record);
  try {
    await prepareVm(record, makeDisks, dependencies, context);
    context.about(record.name);
    const supervisor = supervise(record);
    try {
      supervisor.prepared();
      if (start) await supervisor.start(() => resolveBoot(record, dependencies, context.signal), context);
    } catch (error) {
      await supervisor.idle();
      // It runs and is not ready, or somebody stopped it while it started: then it was made, and is kept.
      const isMade = isNotReady(error) || supervisor.record.state === "stopped";
      if (!isMade || context.signal.aborted) await abandon(supervisor, dependencies);
      throw error;
    }
    return supervisor;
  } finally {
    making.delete(record.id);
  }
}

/** What cannot be unmade now is unmade when things are put in order. */
async function abandon(supervisor: Supervisor, { system, onTrouble }: VmDependencies): Promise<void> {
  try {
    await supervisor.abandon();
  } catch (error) {
    system.log.error("cannot unmake a vm that could not be made", { vm: supervisor.record.name, error });
    onTrouble();
  }
}
