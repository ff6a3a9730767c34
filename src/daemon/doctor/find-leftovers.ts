/**
 * What carries our names and nobody holds: found by leases, and by looking at processes and folders. Looks and changes nothing.
 *
 * What is looked at moves: a vm that starts between two looks would seem to have a folder that it does not hold. So things are
 * looked at first and holders asked for afterwards, and `make-doctor.ts` believes only what is found twice.
 */
import { join } from "node:path";
import type { LeftoverShape } from "../../contract/schemas/finding.ts";
import type { Lease } from "../../operations/operations.ts";
import type { ProcessIdentity } from "../../system/system.ts";
import { findHalfWritten, writtenFolders } from "../half-written.ts";
import type { DoctorParts, Holders } from "./doctor.ts";

export interface Leftover {
  readonly kind: LeftoverShape["kind"];
  /** A pid, a path, or the kind and key of a lease. */
  readonly what: string;
  readonly why: string;
  readonly identity?: ProcessIdentity;
  readonly lease?: Lease;
}

/** States in which a vm has a VMM, or is about to. */
const WITH_VMM: ReadonlySet<string | undefined> = new Set(["running", "paused", "starting", "stopping"]);
/** Scratch files of things that take seconds; their makers write no lease. */
const SCRATCH_MS = 10 * 60_000;
const VM_ID = /^[0-9a-f]{1,32}$/;

/** What seems to be left over at this moment. */
export async function findLeftovers(parts: DoctorParts): Promise<readonly Leftover[]> {
  const { layout } = parts.system;
  const processes = findProcesses(parts);
  const servants = parts.network.findServants();
  const runFolders = await vmIdsIn(parts, join(layout.roots.run, "v"));
  const vmFolders = await vmIdsIn(parts, layout.vms);
  const drafts = await findHalfFiles(parts);
  const holders = await parts.holders();
  const leased = new Set(holders.leases.filter((lease) => isHeld(lease, holders, parts)).map(({ key }) => key));
  return [
    ...processes.flatMap(({ vmId, identity }) => {
      const state = holders.vms.get(vmId);
      if (WITH_VMM.has(state)) return [];
      return [{ kind: "process", what: String(identity.pid), why: whyOfVm(vmId, state), identity } as const];
    }),
    ...(isNetworkHeld(holders, parts)
      ? []
      : servants.map(
          (identity) =>
            ({ kind: "process", what: String(identity.pid), why: "it serves the network of vms, and none runs", identity }) as const,
        )),
    ...runFolders.flatMap((vmId) => {
      const state = holders.vms.get(vmId);
      return WITH_VMM.has(state) ? [] : [{ kind: "run folder", what: layout.vmRunFolder(vmId), why: whyOfVm(vmId, state) } as const];
    }),
    ...vmFolders.flatMap((vmId) =>
      holders.vms.has(vmId) ? [] : [{ kind: "vm folder", what: layout.vmFolder(vmId), why: whyOfVm(vmId, undefined) } as const],
    ),
    ...drafts.filter(({ what }) => !leased.has(what)),
    ...holders.leases.flatMap((lease) => {
      if (isHeld(lease, holders, parts)) return [];
      return [{ kind: "lease", what: `${lease.kind} ${lease.key}`, why: "neither a vm nor an operation holds it", lease } as const];
    }),
  ];
}

/** Processes with our marker that speak of our folders; those of another home are not ours to judge. */
function findProcesses({ system, drivers }: DoctorParts): readonly { readonly vmId: string; readonly identity: ProcessIdentity }[] {
  const { processes, layout } = system;
  const ids = new Set(drivers.flatMap((driver) => driver.findStrays().map(({ vmId }) => vmId)));
  const ours = [`${layout.roots.state}/`, `${layout.roots.run}/`];
  return [...ids].flatMap((vmId) =>
    processes.findByArgument(vmId).flatMap(({ argv, ...identity }) => {
      const words = argv.join("\0");
      const isMarked = words.includes(`banger-${vmId}`) || words.includes(`/v/${vmId}/`);
      return isMarked && ours.some((folder) => words.includes(folder)) ? [{ vmId, identity }] : [];
    }),
  );
}

/** Drafts in the stores, files that were being written beside their place, and scratch. */
async function findHalfFiles({ system }: DoctorParts): Promise<readonly Leftover[]> {
  const { files, layout, clock } = system;
  const half = (what: string, why: string): Leftover => ({ kind: "half a file", what, why });
  const found: Leftover[] = [];
  for (const folder of [layout.kernels, layout.images, layout.builds, layout.blanks]) {
    for (const name of await files.list(folder)) {
      if (name.startsWith(".")) found.push(half(join(folder, name), "it was being made or removed"));
    }
  }
  for (const name of await files.list(layout.buildah)) {
    if (/^[0-9a-f]{16}$/.test(name)) found.push(half(join(layout.buildah, name), "buildah worked in it"));
  }
  for (const { path, writer } of await findHalfWritten(system)) found.push(half(path, `process ${writer}, which wrote it, is gone`));
  for (const folder of writtenFolders(layout)) {
    for (const name of await files.list(folder)) {
      if (!/^\.verify-|^probe-[0-9a-f]+\.elf$/.test(name)) continue;
      const info = await files.find(join(folder, name));
      if (info !== undefined && clock.nowMs() - info.modifiedMs > SCRATCH_MS)
        found.push(half(join(folder, name), "it is scratch of long ago"));
    }
  }
  return found;
}

/** Whether a lease has a holder. One on a blank is the daemon's own, where there is one. */
function isHeld({ kind, vmId, operationId }: Lease, { vms, runningOperations }: Holders, { remover }: DoctorParts): boolean {
  if (operationId !== undefined && runningOperations.has(operationId)) return true;
  if (kind === "blank") return remover !== undefined;
  if (vmId === undefined) return false;
  return kind === "vm-run-folder" ? WITH_VMM.has(vms.get(vmId)) : vms.has(vmId);
}

/** A daemon keeps it for the next vm; without one it is for vms that run. */
function isNetworkHeld({ vms }: Holders, { remover }: DoctorParts): boolean {
  return remover !== undefined || [...vms.values()].some((state) => WITH_VMM.has(state));
}

async function vmIdsIn({ system }: DoctorParts, folder: string): Promise<readonly string[]> {
  return (await system.files.list(folder)).filter((name) => VM_ID.test(name));
}

function whyOfVm(vmId: string, state: string | undefined): string {
  return state === undefined ? `there is no vm ${vmId}` : `vm ${vmId} is ${state}`;
}
