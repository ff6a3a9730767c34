import { basename, join } from "node:path";
import type { Vm } from "../../contract/schemas/vm.ts";
import type { PrunedItem } from "../../contract/schemas/storage.ts";
import { measureTree } from "./measure-tree.ts";
import type { StorageParts } from "./storage.ts";

/** Something that nothing uses, as it was looked at. */
export interface Candidate {
  readonly kind: PrunedItem["kind"];
  readonly name: string;
  /** Of a file, or of a folder that is none of a store. */
  readonly path?: string;
  /** Of a vm: another one may have its name by the time it goes. */
  readonly vmId?: string;
  readonly bytes: number;
  readonly usedBytes: number;
  readonly usedAt: number;
  /** What somebody has to say for it to go. */
  readonly needs: "images" | "kernels" | "vms" | null;
}

/** Paths of what nothing holds though it should be held. */
export async function leftOnDisk(parts: StorageParts): Promise<readonly string[]> {
  return (await parts.leftovers()).flatMap(({ kind, what }) => (kind === "process" || kind === "lease" ? [] : [what]));
}

/** @param left what is left over, which is the doctor's. Everything else that could go. */
export async function listCandidates(parts: StorageParts, left: readonly string[]): Promise<readonly Candidate[]> {
  const { system } = parts;
  const { layout, files } = system;
  const all = await Promise.all([
    listGoods(
      parts,
      "image",
      (await parts.images.list()).map(({ name }) => name),
      [],
    ),
    listGoods(
      parts,
      "kernel",
      (await parts.kernels.list()).map(({ name }) => name),
      await kernelsOfImages(parts),
    ),
    listVms(parts),
    listFiles(
      parts,
      "blank",
      (await namesIn(parts, layout.blanks)).filter((path) => basename(path).startsWith("blank-")),
    ),
    listFiles(
      parts,
      "download",
      (await namesIn(parts, layout.downloads)).filter((path) => !basename(path).startsWith(".")),
    ),
    listBuildCache(parts),
    listFiles(parts, "initrd", (await files.list(layout.initrds)).length === 0 ? [] : await parts.kernels.findUnusedInitrds()),
    listFiles(
      parts,
      "agent",
      (await namesIn(parts, layout.agents)).filter((path) => path !== parts.agentPath),
    ),
  ]);
  return all.flat().filter(({ path }) => path === undefined || !left.includes(path));
}

/** What steps of builds left, a folder each. */
export async function listBuildCache(parts: StorageParts): Promise<readonly Candidate[]> {
  const paths = (await namesIn(parts, parts.system.layout.builds)).filter((path) => !basename(path).startsWith("."));
  return listFiles(parts, "build cache", paths);
}

/** A vm that is stopped may go when that was said; an ephemeral one that has run was only left behind. */
export function isRemovable({ state, ephemeral, startedAt }: Vm): { readonly needs: "vms" | null } | undefined {
  if (state !== "stopped") return undefined;
  return { needs: ephemeral && startedAt !== null ? null : "vms" };
}

/** Images that no vm uses, and whether they can be read. */
export async function listImages(parts: StorageParts): Promise<readonly (Candidate & { readonly isBroken: boolean })[]> {
  const images = await parts.images.list();
  const broken = new Set(images.flatMap(({ name, problems }) => (problems.length > 0 ? [name] : [])));
  const names = images.map(({ name }) => name);
  return (await listGoods(parts, "image", names, [])).map((candidate) => ({ ...candidate, isBroken: broken.has(candidate.name) }));
}

/** Names of the kernels that images name for their vms. */
export async function kernelsOfImages({ images }: StorageParts): Promise<readonly string[]> {
  return (await images.list()).flatMap(({ kernelRef }) => kernelRef ?? []);
}

async function listGoods(
  { system, vms }: StorageParts,
  kind: "image" | "kernel",
  names: readonly string[],
  referenced: readonly string[],
): Promise<readonly Candidate[]> {
  const store = kind === "image" ? system.layout.images : system.layout.kernels;
  const unused = names.filter((name) => vms.usersOf(kind, name).length === 0 && !referenced.includes(name));
  const counted = new Set<string>();
  // Content that one in use has too does not go, and of two that could go the first is told to have it.
  for (const name of names) if (!unused.includes(name)) await measureTree(system.files, join(store, name), counted);
  const candidates: Candidate[] = [];
  for (const name of unused) {
    const { bytes, usedBytes, modifiedMs } = await measureTree(system.files, join(store, name), counted);
    candidates.push({ kind, name, bytes, usedBytes, usedAt: modifiedMs, needs: kind === "image" ? "images" : "kernels" });
  }
  return candidates;
}

async function listVms({ system, vms }: StorageParts): Promise<readonly Candidate[]> {
  return Promise.all(
    (await vms.list()).flatMap(async (vm) => {
      const removable = isRemovable(vm);
      if (removable === undefined) return [];
      const { bytes, usedBytes, modifiedMs } = await measureTree(system.files, system.layout.vmFolder(vm.id));
      // Its disks and logs were written to when it ran last.
      const usedAt = Math.max(vm.createdAt, vm.startedAt ?? 0, modifiedMs);
      return [{ kind: "vm", name: vm.name, vmId: vm.id, bytes, usedBytes, usedAt, needs: removable.needs } as const];
    }),
  ).then((all) => all.flat());
}

async function listFiles({ system }: StorageParts, kind: Candidate["kind"], paths: readonly string[]): Promise<readonly Candidate[]> {
  return Promise.all(
    paths.map(async (path) => {
      const { bytes, usedBytes, modifiedMs } = await measureTree(system.files, path);
      return { kind, name: basename(path), path, bytes, usedBytes, usedAt: modifiedMs, needs: null };
    }),
  );
}

async function namesIn({ system }: StorageParts, folder: string): Promise<readonly string[]> {
  return (await system.files.list(folder)).map((name) => join(folder, name));
}
