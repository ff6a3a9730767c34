/** The room put together: rows and supervisors behind the front door. */
import { BangerError } from "../contract/errors.ts";
import type { Vm } from "../contract/schemas/vm.ts";
import type { OperationContext } from "../operations/operations.ts";
import { resolveBoot } from "./boot.ts";
import { prepareVm } from "./create.ts";
import type { VmDependencies } from "./dependencies.ts";
import { describeUnreadable, describeVm } from "./describe.ts";
import { openConsoleStream } from "./logs/console-stream.ts";
import { followLog, readLog } from "./logs/logs.ts";
import { reconcileVms } from "./reconcile.ts";
import { resolvePlan } from "./resolve.ts";
import { Supervisor } from "./supervise.ts";
import type { VmRecord } from "./vm-record.ts";
import type { CreateRequest, Vms } from "./vms.ts";

export function makeVms(dependencies: VmDependencies): Vms {
  const { system, rows } = dependencies;
  const supervisors = new Map<string, Supervisor>();
  const closing = new AbortController();
  const supervise = (record: VmRecord): Supervisor => {
    const supervisor = new Supervisor(record, dependencies, () => supervisors.delete(record.id));
    supervisors.set(record.id, supervisor);
    return supervisor;
  };
  const find = (ref: string): Supervisor => {
    const all = [...supervisors.values()];
    const found = all.find(({ record }) => record.name === ref) ?? all.find(({ record }) => record.id === ref);
    if (found !== undefined) return found;
    throw new BangerError("not_found", "vm_not_found", `there is no vm ${ref}`, { hint: "banger vm list" });
  };
  /** The vm that an operation was asked to move; its name is what the operation is about, also when it was called by its id. */
  const aim = (ref: string, context: OperationContext): Supervisor => {
    const supervisor = find(ref);
    if (supervisor.record.name !== ref) context.about(supervisor.record.name);
    return supervisor;
  };
  const describe = (supervisor: Supervisor): Promise<Vm> => describeVm(supervisor.record, dependencies);
  /** An ephemeral vm is gone as soon as it has stopped: what is told of it is how it ended. */
  const describeStopped = async (supervisor: Supervisor): Promise<Vm> => {
    const vm = await describe(supervisor);
    return supervisors.has(vm.id) ? vm : { ...vm, state: "stopped" };
  };

  return {
    create: async (request, context) => {
      try {
        return await describe(await createVm(request, context, dependencies, supervise));
      } finally {
        // Not before: making a blank takes the CPU from a guest that boots.
        refillPool(dependencies, closing.signal);
      }
    },
    start: async (ref, context) => {
      const supervisor = aim(ref, context);
      await supervisor.start(() => context.stage("resolve", () => resolveBoot(supervisor.record, dependencies, context.signal)), context);
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
    delete: async (ref, { force }, context) => {
      const supervisor = aim(ref, context);
      const { state, plan } = supervisor.record;
      if (force && state !== "stopped") await supervisor.stop(0, context);
      // An ephemeral vm is gone as soon as it has stopped.
      if (supervisors.has(supervisor.record.id) || !plan.ephemeral) await context.stage("delete", () => supervisor.delete(context));
    },
    list: async () => [...(await Promise.all([...supervisors.values()].map(describe))), ...rows.list().unreadable.map(describeUnreadable)],
    get: async (ref) => describe(find(ref)),
    agentOf: async (ref) => find(ref).agent(closing.signal),
    openExec: async (ref, signal) => (await find(ref).agent(signal)).openExec(signal),
    readLog: async (ref, request, signal) => readLog(find(ref), request, system, signal),
    followLog: (ref, request, signal) => followLog(find(ref), request, system, AbortSignal.any([signal, closing.signal])),
    openConsole: async (ref, from) => openConsoleStream(find(ref), from, system),
    usersOf: (what, name) => [...supervisors.values()].filter(({ record }) => record.plan[what] === name).map(({ record }) => record.name),
    reconcile: async () => {
      for (const record of rows.list().records) supervise(record);
      await dependencies.disks.reconcile();
      await reconcileVms(supervisors, dependencies, closing.signal);
    },
    close: async () => {
      closing.abort();
      await Promise.all([...supervisors.values()].map((supervisor) => supervisor.letGo()));
    },
  };
}

/** Makes blanks for the next vms, while nobody waits. */
function refillPool({ disks, system }: VmDependencies, signal: AbortSignal): void {
  disks.refill(signal).catch((error: unknown) => {
    if (!signal.aborted) system.log.warn("cannot refill the pool of blanks", { error });
  });
}

/** The walk of `vm create`: plan, row and disks, boot. A failure after the plan leaves nothing behind. */
async function createVm(
  request: CreateRequest,
  context: OperationContext,
  dependencies: VmDependencies,
  supervise: (record: VmRecord) => Supervisor,
): Promise<Supervisor> {
  const plan = await context.stage("resolve", () => resolvePlan(request, dependencies, context.signal));
  const { record, undo: prepared } = await prepareVm(plan, request.name, dependencies, context);
  await using undo = prepared;
  context.about(record.name);
  const supervisor = supervise(record);
  supervisor.prepared();
  try {
    if (request.start !== false) await supervisor.start(() => resolveBoot(record, dependencies, context.signal), context);
  } catch (error) {
    await supervisor.idle();
    // Somebody stopped it while it started: then it was made, and is kept.
    if (supervisor.record.state === "stopped" && !context.signal.aborted) undo.move();
    else supervisor.forget();
    throw error;
  }
  undo.move();
  return supervisor;
}
