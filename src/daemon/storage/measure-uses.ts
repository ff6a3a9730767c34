import { basename, dirname, join } from "node:path";
import { STORAGE_KINDS, type StorageUse } from "../../contract/schemas/storage.ts";
import { leftOnDisk, listCandidates, type Candidate } from "./list-candidates.ts";
import { addMeasured, measureTree, type Measured } from "./measure-tree.ts";
import type { StorageParts } from "./storage.ts";

type Kind = StorageUse["kind"];

const NEEDS: Partial<Readonly<Record<Kind, StorageUse["needs"]>>> = {
  image: "images",
  kernel: "kernels",
  "vm layer": "vms",
  "vm work disk": "vms",
  "vm log": "vms",
};

/** One line for each kind of thing. */
export async function measureUses(parts: StorageParts): Promise<StorageUse[]> {
  const { files, layout } = parts.system;
  const leftovers = await leftOnDisk(parts);
  const candidates = await listCandidates(parts, leftovers);
  const measureAll = async (paths: readonly string[]): Promise<Measured & { readonly count: number }> => {
    const counted = new Set<string>();
    const measured = await Promise.all(paths.map((path) => measureTree(files, path, counted)));
    return { ...measured.reduce(addMeasured, { bytes: 0, usedBytes: 0, modifiedMs: 0 }), count: paths.length };
  };
  const below = async (folder: string): Promise<readonly string[]> =>
    (await files.list(folder))
      .filter((name) => !name.startsWith("."))
      .map((name) => join(folder, name))
      .filter((path) => !leftovers.includes(path));
  const vms = await parts.vms.list();
  const filesOf = async (ids: readonly string[], isWanted: (name: string) => boolean): Promise<readonly string[]> => {
    const folders = ids.map((id) => layout.vmFolder(id));
    const paths = await Promise.all(
      folders.map(async (folder) => (await files.list(folder)).filter(isWanted).map((name) => join(folder, name))),
    );
    return paths.flat();
  };
  const stopped = vms.filter(({ state }) => state === "stopped").map(({ id }) => id);
  const ids = vms.map(({ id }) => id);
  const ofVms = async (isWanted: (name: string) => boolean) => ({
    measured: await measureAll(await filesOf(ids, isWanted)),
    reclaimable: (await measureAll(await filesOf(stopped, isWanted))).usedBytes,
  });
  const isLayer = (name: string): boolean => name === "layer.ext4";
  const isWork = (name: string): boolean => name === "work.ext4";
  const logs = (
    await Promise.all(
      [layout.daemonLog, `${layout.daemonLog}.1`].map(async (path) => ((await files.find(path)) === undefined ? [] : [path])),
    )
  ).flat();
  const beside = async (path: string): Promise<readonly string[]> =>
    (await files.list(dirname(path))).filter((name) => name.startsWith(basename(path))).map((name) => join(dirname(path), name));
  const ended = parts.operations.measureEnded(Infinity, []);
  const plain = async (paths: readonly string[], kind: Candidate["kind"] | undefined) => ({
    measured: await measureAll(paths),
    reclaimable: candidates.filter((candidate) => candidate.kind === kind).reduce((sum, { usedBytes }) => sum + usedBytes, 0),
  });
  const measuredOf: Readonly<
    Record<Kind, { readonly measured: Omit<Measured & { count: number }, "modifiedMs">; readonly reclaimable: number }>
  > = {
    kernel: await plain(await below(layout.kernels), "kernel"),
    image: await plain(await below(layout.images), "image"),
    "vm layer": await ofVms(isLayer),
    "vm work disk": await ofVms(isWork),
    "vm log": await ofVms((name) => !isLayer(name) && !isWork(name)),
    blank: await plain(await below(layout.blanks), "blank"),
    download: await plain(await below(layout.downloads), "download"),
    "build cache": await plain(await below(layout.builds), "build cache"),
    initrd: await plain(await below(layout.initrds), "initrd"),
    agent: await plain(await below(layout.agents), "agent"),
    // Rows of the database, which keeps its size; the room in it is used again.
    operation: { measured: { count: ended.count, bytes: ended.bytes, usedBytes: 0 }, reclaimable: 0 },
    database: await plain([...(await beside(layout.database)), layout.ballast], undefined),
    "daemon log": await plain(logs, undefined),
    leftover: await plain(leftovers, undefined),
  };
  return STORAGE_KINDS.map((kind) => {
    const { measured, reclaimable } = measuredOf[kind];
    const { count, bytes, usedBytes } = measured;
    return { kind, count, bytes, usedBytes, reclaimableBytes: reclaimable, needs: NEEDS[kind] ?? null };
  });
}
