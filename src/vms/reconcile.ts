/**
 * Makes rows and the computer agree, at the start of a daemon and before it listens. Running it twice changes nothing more.
 *
 * - `preparing`: its create died with the daemon; everything of it goes.
 * - `deleting`: the deletion is finished.
 * - `running`, `paused`: the VMM is found again by pid and start time and supervised on; when it is gone the vm is `stopped`
 *   after an orderly power off or a reboot of the host, and `broken` otherwise.
 * - `starting`, `stopping`: the command died with the daemon; the VMM is ended and the vm is `stopped`.
 * - An ephemeral vm that has stopped is deleted.
 * - Processes that carry the id of a vm that does not run are ended; folders that belong to no row are removed.
 */
import type { RunningVmm } from "../drivers/drivers.ts";
import { releaseRunFolder } from "./boot.ts";
import { driverOf, makeQuietSteps, type VmDependencies } from "./dependencies.ts";
import { readConsoleTail } from "./logs/read-bytes.ts";
import type { Supervisor } from "./supervise.ts";
import type { VmRecord } from "./vm-record.ts";

/** What our init and the kernel print last when a guest powers itself off. */
const ORDERLY_END = /reboot: (?:Power down|System halted)|banger-agent: power off/;

export async function reconcileVms(
  supervisors: ReadonlyMap<string, Supervisor>,
  dependencies: VmDependencies,
  signal: AbortSignal,
): Promise<void> {
  const forEach = async (body: (supervisor: Supervisor) => Promise<void>): Promise<void> => {
    for (const supervisor of supervisors.values()) {
      try {
        await body(supervisor);
      } catch (error) {
        dependencies.system.log.error("cannot reconcile a vm", { vm: supervisor.record.name, error });
      }
    }
  };
  await forEach((supervisor) => reconcileOne(supervisor, dependencies, signal));
  await sweep(supervisors, dependencies);
  // Last: what is left of a vm tells the sweep that a stray process is ours.
  await forEach((supervisor) => supervisor.deleteIfEphemeral(makeQuietSteps(signal)));
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
    case "stopping":
      await (await adopt(record, dependencies, signal))?.kill();
      supervisor.foundGone(null);
      return;
    case "running":
    case "paused": {
      const vmm = await adopt(record, dependencies, signal);
      if (vmm === undefined) supervisor.foundGone(await whyGone(record, dependencies));
      else supervisor.takeOver(vmm, releaseOf(vmm, record, dependencies));
      return;
    }
  }
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
async function whyGone(record: VmRecord, { system }: VmDependencies): Promise<string | null> {
  if (record.boot?.vmm?.identity.bootId !== system.clock.bootId()) return null;
  const tail = await readConsoleTail(system, record.id);
  return tail.some((line) => ORDERLY_END.test(line)) ? null : "its VMM ended while the daemon was not there to see why";
}

/** Ends and removes what carries our names and belongs to no vm that runs. */
async function sweep(supervisors: ReadonlyMap<string, Supervisor>, dependencies: VmDependencies): Promise<void> {
  const { system, drivers, network, leases } = dependencies;
  const { layout, files, processes, log } = system;
  const alive = new Set(
    [...supervisors.values()]
      .filter(({ record }) => record.state === "running" || record.state === "paused")
      .map(({ record }) => record.id),
  );
  for (const { vmId, identity } of drivers.flatMap((driver) => driver.findStrays())) {
    if (alive.has(vmId) || !(await isOfThisHome(vmId, dependencies))) continue;
    log.warn("ending a stray VMM", { vmId, pid: identity.pid });
    processes.signal(identity, "SIGKILL");
    await processes.watchEnd(identity);
  }
  for (const vmId of network.findStrays()) {
    if (!alive.has(vmId) && (await isOfThisHome(vmId, dependencies))) await network.removeLink(vmId);
  }
  for (const id of await files.list(`${layout.roots.run}/v`)) {
    if (!alive.has(id)) await files.removeTree(layout.vmRunFolder(id));
  }
  for (const id of await files.list(`${layout.roots.state}/vms`)) {
    if (!supervisors.has(id)) await files.removeTree(layout.vmFolder(id));
  }
  for (const lease of leases.list()) {
    if (lease.vmId !== undefined && (!supervisors.has(lease.vmId) || (lease.kind === "vm-run-folder" && !alive.has(lease.vmId)))) {
      leases.drop(lease.kind, lease.key);
    }
  }
}

/** Another daemon with another home may run vms of its own: a process is ours when a folder or a lease of ours has its id. */
async function isOfThisHome(vmId: string, { system, leases }: VmDependencies): Promise<boolean> {
  if (leases.list().some((lease) => lease.vmId === vmId)) return true;
  const folders = [system.layout.vmFolder(vmId), system.layout.vmRunFolder(vmId)];
  return (await Promise.all(folders.map((folder) => system.files.find(folder)))).some((info) => info !== undefined);
}
