/**
 * Makes rows and the computer agree: at the start of a daemon and before it listens, and again whenever something failed half way.
 * What is under way is left alone. Running it twice changes nothing more.
 *
 * - `preparing`: its create died with the daemon; everything of it goes.
 * - `deleting`: the deletion is finished.
 * - `running`, `paused`: the VMM is found again by pid and start time and made to be what the row says, and supervised on; when it is gone the vm is `stopped`
 *   after an orderly power off or a reboot of the host, and `broken` otherwise. One that is there and cannot be taken over is left
 *   as it is, and the vm is `broken`; unless the computer was short of something, when it is tried again.
 * - `starting`: the command died with the daemon; the VMM is ended and the vm is `stopped`.
 * - `stopping`: the stop goes on, in the background.
 * - An ephemeral vm that has stopped is deleted.
 * - Processes that carry the id of a vm that does not run are ended; folders and leases that belong to no row are removed. A row
 *   that cannot be read holds what is its own: another version of banger may be able to read it.
 */
import { toErrorShape } from "../contract/errors.ts";
import type { RunningVmm } from "../drivers/drivers.ts";
import { grantsOf, releaseRunFolder } from "./boot.ts";
import { driverOf, makeQuietSteps, type VmDependencies } from "./dependencies.ts";
import { endLeftVmm } from "./end-left-vmm.ts";
import type { Held } from "./make-vms.ts";
import type { Supervisor } from "./supervise.ts";
import type { VmRecord } from "./vm-record.ts";

/** For a guest whose stop was cut off. */
const STOP_GRACE_MS = 5000;

/** Does all that can be done; throws when something could not. */
export async function reconcileVms(held: Held, dependencies: VmDependencies, signal: AbortSignal): Promise<void> {
  const failures: unknown[] = [];
  const attempt = async (what: string, vm: string, body: () => Promise<unknown>): Promise<void> => {
    try {
      await body();
    } catch (error) {
      failures.push(error);
      dependencies.system.log.error(`cannot ${what}`, { vm, error });
    }
  };
  await attempt("take over the network", "", () => dependencies.network.reconcile());
  // A change may have died between the row and the network.
  for (const { record } of held.supervisors.values())
    await attempt("grant what a vm may reach", record.name, async () =>
      dependencies.network.setGrants(record.id, grantsOf(record.plan, dependencies)),
    );
  const idle = (): readonly Supervisor[] => [...held.supervisors.values()].filter(({ record }) => !held.making.has(record.id));
  for (const supervisor of idle()) {
    await attempt("reconcile a vm", supervisor.record.name, async () => {
      supervisor.save();
      await supervisor.whileIdle(() => reconcileOne(supervisor, dependencies, signal));
      if (supervisor.record.state === "stopping") goOnStopping(supervisor, dependencies);
      // What it was given may not have been written down. Not waited for: the guest may take a while to answer.
      if (supervisor.isRunning) void supervisor.giveLive(makeQuietSteps());
    });
  }
  await attempt("sweep", "", () => sweep(held, dependencies));
  // Last: what is left of a vm tells the sweep that a stray process is ours.
  for (const supervisor of idle()) {
    await attempt("delete an ephemeral vm", supervisor.record.name, () => supervisor.deleteIfEphemeral(makeQuietSteps(signal)));
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} things could not be reconciled`);
}

async function reconcileOne(supervisor: Supervisor, dependencies: VmDependencies, signal: AbortSignal): Promise<void> {
  const { record } = supervisor;
  switch (record.state) {
    case "preparing":
    case "deleting":
      await supervisor.finishDelete();
      return;
    case "stopped":
    case "broken":
      return;
    case "starting":
      await endLeftVmm(record, dependencies);
      supervisor.foundGone(null);
      return;
    case "stopping":
    case "running":
    case "paused":
      if (!supervisor.isRunning) await takeOver(supervisor, dependencies, signal);
      return;
  }
}

async function takeOver(supervisor: Supervisor, dependencies: VmDependencies, signal: AbortSignal): Promise<void> {
  const { record } = supervisor;
  let vmm: RunningVmm | undefined;
  try {
    vmm = await adopt(record, dependencies, signal);
  } catch (error) {
    const identity = record.boot?.vmm?.identity;
    if (identity === undefined || record.state === "stopping") throw error;
    // What the computer lacks for a moment says nothing of the VMM: it is tried again.
    if (toErrorShape(error).code.startsWith("host_")) throw error;
    dependencies.system.log.error("cannot take over a VMM", { vm: record.name, error });
    const why = error instanceof Error ? error.message : String(error);
    supervisor.foundLost(`its VMM (process ${identity.pid}) runs and cannot be reached: ${why}`);
    return;
  }
  if (vmm !== undefined) await supervisor.takeOver(vmm, releaseOf(vmm, record, dependencies));
  else supervisor.foundGone(record.state === "stopping" ? null : await whyGone(record, dependencies));
}

/** Nobody waits for it. */
function goOnStopping(supervisor: Supervisor, { system, onTrouble }: VmDependencies): void {
  supervisor.stop(STOP_GRACE_MS, makeQuietSteps()).catch((error: unknown) => {
    system.log.error("cannot finish a stop", { vm: supervisor.record.name, error });
    onTrouble();
  });
}

async function adopt(record: VmRecord, dependencies: VmDependencies, signal: AbortSignal): Promise<RunningVmm | undefined> {
  const vmm = record.boot?.vmm;
  return vmm === null || vmm === undefined ? undefined : await driverOf(dependencies, record.plan.driver).adopt(vmm, signal);
}

function releaseOf(vmm: RunningVmm, record: VmRecord, dependencies: VmDependencies): AsyncDisposableStack {
  const release = new AsyncDisposableStack();
  release.defer(() => releaseRunFolder(record.id, dependencies));
  release.defer(() => dependencies.network.removeLink(record.id));
  release.use(vmm);
  return release;
}

/** Null when the end was in order. */
async function whyGone(record: VmRecord, dependencies: VmDependencies): Promise<string | null> {
  const vmm = record.boot?.vmm;
  if (vmm?.identity.bootId !== dependencies.system.clock.bootId()) return null;
  const exit = await driverOf(dependencies, record.plan.driver).explainEnd(vmm);
  if (exit?.reason === "guest-power-off") return null;
  const detail = exit !== undefined && "detail" in exit ? `: ${exit.reason}, ${exit.detail}` : "";
  return `its VMM ended while the daemon was not there to see why${detail}`;
}

/** Ends and removes what carries our names and belongs to no vm that runs. */
async function sweep({ supervisors, making }: Held, dependencies: VmDependencies): Promise<void> {
  const { system, drivers, network, leases, rows } = dependencies;
  const { layout, files, processes, log } = system;
  const spared = new Set(rows.list().unreadable.map(({ id }) => id));
  const isKnown = (id: string): boolean => supervisors.has(id) || making.has(id) || spared.has(id);
  /** Does `body` for an id of which nothing should run, and while nothing begins to. */
  const whileNothingRuns = async (id: string, body: () => Promise<void>): Promise<void> => {
    const supervisor = supervisors.get(id);
    if (making.has(id) || spared.has(id)) return;
    if (supervisor === undefined) await body();
    else if (supervisor.record.boot?.vmm === undefined || supervisor.record.boot.vmm === null) await supervisor.whileIdle(body);
  };
  for (const { vmId, identity } of drivers.flatMap((driver) => driver.findStrays())) {
    if (!(await isOfThisHome(vmId, dependencies))) continue;
    await whileNothingRuns(vmId, async () => {
      log.warn("ending a stray process of a vm", { vmId, pid: identity.pid });
      processes.signal(identity, "SIGKILL");
      await processes.watchEnd(identity);
    });
  }
  // A claim lies below a folder of ours, so it is of this home.
  for (const vmId of network.listClaims()) await whileNothingRuns(vmId, () => network.removeLink(vmId));
  const leased = leases.list().flatMap(({ kind, vmId }) => (kind === "vm-run-folder" && vmId !== undefined ? [vmId] : []));
  for (const id of new Set([...(await files.list(`${layout.roots.run}/v`)), ...leased])) {
    await whileNothingRuns(id, () => releaseRunFolder(id, dependencies));
  }
  for (const id of await files.list(layout.vms)) {
    if (!isKnown(id)) await files.removeTree(layout.vmFolder(id));
  }
  for (const { kind, key, vmId } of leases.list()) if (vmId !== undefined && !isKnown(vmId)) leases.drop(kind, key);
}

/** Another daemon with another home may run vms of its own: a process is ours when a folder or a lease of ours has its id. */
async function isOfThisHome(vmId: string, { system, leases }: VmDependencies): Promise<boolean> {
  if (leases.list().some((lease) => lease.vmId === vmId)) return true;
  const folders = [system.layout.vmFolder(vmId), system.layout.vmRunFolder(vmId)];
  return (await Promise.all(folders.map((folder) => system.files.find(folder)))).some((info) => info !== undefined);
}
