/** Where on a disk the root file system is that a guest can have as its base. */
import { BangerError } from "../../contract/errors.ts";
import { readGpt, readMbr, type Partition, type ReadDisk } from "./partitions.ts";
import { HEAD_BYTES, lookAtSuperblock, type FileSystem, type Looked } from "./superblock.ts";

/** What is kept: as much as other images may have. */
export const MOST_BYTES = 64 * 2 ** 30;

export interface Root extends FileSystem {
  /** In bytes. */
  readonly start: number;
}

interface Content {
  readonly partition: Partition;
  readonly looked: Looked | undefined;
}

/**
 * @param end of the disk, in bytes.
 * @param wanted the number of a partition.
 * @param what how a refusal begins: `cannot register image x from /y`.
 */
export async function findRoot(read: ReadDisk, end: number, wanted: number | undefined, what: string): Promise<Root> {
  const table = await readGpt(read, end);
  const whole = table === undefined ? lookAtSuperblock(await read(0, HEAD_BYTES)) : undefined;
  const partitions = table ?? (whole === undefined ? await readMbr(read, end) : undefined);
  if (typeof partitions === "string") throw refusal("disk_damaged", `${what}: ${partitions}`, "sfdisk --verify DISK says more");
  if (partitions === undefined) {
    if (wanted !== undefined) throw refusal("partition_not_found", `${what}: it has no partitions`, "leave --partition out");
    return rootOf(whole, { start: 0, bytes: end }, "it", what);
  }
  const contents: Content[] = [];
  for (const partition of partitions)
    contents.push({ partition, looked: lookAtSuperblock(await read(partition.start, Math.min(HEAD_BYTES, partition.bytes))) });
  const { partition, looked } = choose(contents, wanted, what);
  return rootOf(looked, partition, `partition ${partition.number}`, what);
}

function choose(contents: readonly Content[], wanted: number | undefined, what: string): Content {
  const told = contents.map((content) => `${content.partition.number}: ${tell(content)}`).join(", ");
  if (wanted !== undefined) {
    const named = contents.find(({ partition }) => partition.number === wanted);
    if (named !== undefined) return named;
    throw refusal(
      "partition_not_found",
      `${what}: it has no partition ${wanted}, but ${told || "none at all"}`,
      "sfdisk --list DISK shows them",
    );
  }
  const marked = contents.filter(({ partition }) => partition.isRoot);
  const candidates = marked.length > 0 ? marked : contents.filter(({ looked }) => looked !== undefined && "found" in looked);
  const [only, ...others] = candidates;
  if (only === undefined) {
    // One that would do, but for something.
    const [almost] = contents.filter(
      ({ looked }) => looked !== undefined && "trouble" in looked && looked.trouble.code === "disk_not_clean",
    );
    if (almost !== undefined) return almost;
    throw refusal(
      "disk_not_usable",
      `${what}: no partition of it holds ext4, squashfs or EROFS (${told || "there is none"})`,
      "sfdisk --list DISK shows them",
    );
  }
  if (others.length > 0)
    throw refusal(
      "disk_ambiguous",
      `${what}: more than one of its partitions may be the root (${told})`,
      `say which one: --partition ${only.partition.number}`,
    );
  return only;
}

function tell({ looked }: Content): string {
  if (looked === undefined) return "nothing that is known";
  return "found" in looked ? looked.found.format : looked.trouble.why.replace(/^holds /, "");
}

function rootOf(looked: Looked | undefined, place: { readonly start: number; readonly bytes: number }, name: string, what: string): Root {
  if (looked === undefined)
    throw refusal(
      "disk_not_usable",
      `${what}: ${name} holds no file system that is known`,
      "give ext4, squashfs, EROFS, or a disk with one in a partition",
    );
  if ("trouble" in looked) {
    const { code, why, hint } = looked.trouble;
    throw refusal(code, `${what}: ${name} ${why}`, hint);
  }
  const { format, bytes } = looked.found;
  if (bytes > place.bytes)
    throw refusal(
      "disk_damaged",
      `${what}: ${name} is cut short: its ${format} has ${bytes} bytes, and ${place.bytes} are there`,
      "copy it again",
    );
  if (bytes > MOST_BYTES)
    throw refusal("disk_not_usable", `${what}: ${name} is larger than ${MOST_BYTES / 2 ** 30} GiB`, "resize2fs -M makes ext4 small");
  return { format, bytes, start: place.start };
}

function refusal(code: string, message: string, hint: string): BangerError {
  return new BangerError("refused", code, message, { hint });
}
