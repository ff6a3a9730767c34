/**
 * Changing a vm that is there. The row is written first: what a crash leaves undone is made up for by the next start, which brings
 * the disks to the size that the row says.
 */
import { BangerError } from "../contract/errors.ts";
import type { Steps, VmDependencies } from "./dependencies.ts";
import { grantsOf } from "./boot.ts";
import { diskPathsOf } from "./disk-paths.ts";
import { lengthenDisks } from "./lengthen-disks.ts";
import { planChange } from "./plan-change.ts";
import { asPlanError } from "./resolve.ts";
import type { Supervisor } from "./supervise.ts";
import type { ChangeRequest } from "./vms.ts";

export async function changeVm(supervisor: Supervisor, change: ChangeRequest, dependencies: VmDependencies, steps: Steps): Promise<void> {
  const { disks, host, network, networks } = dependencies;
  const paths = diskPathsOf(supervisor.record.id, dependencies);
  const before = supervisor.record.plan;
  const plan = await steps.stage("resolve", async () => {
    const named = change.network ?? undefined;
    const unsafeNetwork = named === undefined ? undefined : await network.findUnsafe(true, steps.signal);
    const [layerBytes, workBytes] = await Promise.all([disks.bytes(paths.layer), disks.bytes(paths.work)]);
    return supervisor.changePlan((old) => {
      const result = planChange(old, change, {
        host,
        disks: { layerBytes, workBytes },
        hasNetwork: named === undefined || networks.find(named) !== undefined,
        unsafeNetwork,
      });
      if (!result.ok) throw asPlanError(`cannot change vm ${supervisor.record.name}`, result.problems);
      return result.plan;
    });
  });
  if (change.diskBytes !== undefined || change.workDiskBytes !== undefined) {
    try {
      await steps.stage("disk", () => lengthenDisks(supervisor.record.id, plan, dependencies));
    } catch (error) {
      supervisor.changePlan((now) => ({ ...now, layerBytes: before.layerBytes, workBytes: before.workBytes }));
      throw error;
    }
  }
  if (change.allowHost !== undefined || change.allowLan !== undefined || change.network !== undefined) {
    try {
      await network.setGrants(supervisor.record.id, grantsOf(plan, dependencies));
    } catch (error) {
      supervisor.changePlan((now) => ({ ...now, allowHost: before.allowHost, allowLan: before.allowLan, network: before.network }));
      throw error;
    }
  }
  await supervisor.giveLive(steps);
}

export async function renameVm(supervisor: Supervisor, name: string, { rows }: VmDependencies, steps: Steps): Promise<void> {
  const { id, name: old } = supervisor.record;
  const other = rows.find(name);
  if (other !== undefined && other.id !== id && other.name === name) {
    throw new BangerError("exists", "vm_exists", `cannot rename vm ${old} to ${name}: there is one of that name already`, {
      hint: `banger vm show ${name}, or take another name`,
    });
  }
  supervisor.rename(name);
  await supervisor.giveLive(steps);
}
