/** What banger keeps on disk, as it looks from outside. */
import { z } from "zod";

/** In the order in which they are shown. */
export const STORAGE_KINDS = [
  "kernel",
  "image",
  "vm layer",
  "vm work disk",
  "vm log",
  "blank",
  "download",
  "build cache",
  "initrd",
  "agent",
  "operation",
  "database",
  "daemon log",
  "leftover",
] as const;

/** One kind of thing: how many, how large they are, what they really take, and what of that `system prune` can give back. */
export const storageUse = z.strictObject({
  kind: z.enum(STORAGE_KINDS),
  count: z.int(),
  /** Apparent sizes. */
  bytes: z.number(),
  /** What is allocated on disk. Blocks that files share count for each. */
  usedBytes: z.number(),
  reclaimableBytes: z.number(),
  /** The flag of `system prune` that it takes; null when none is needed. */
  needs: z.enum(["images", "kernels", "vms"]).nullable(),
});
export type StorageUse = z.output<typeof storageUse>;

export const PRUNE_KINDS = ["kernel", "image", "vm", "blank", "download", "build cache", "initrd", "agent", "operation"] as const;

/** One thing that goes, or would. */
const prunedItem = z.strictObject({
  kind: z.enum(PRUNE_KINDS),
  /** Of a kernel, an image or a vm; of a file its name; of operations how many. */
  name: z.string(),
  /** What is allocated on disk. */
  usedBytes: z.number(),
  /** When it was last used, as far as that is known, in milliseconds since the epoch. */
  usedAt: z.number(),
  /** Why it stays, though it was to go; null when it goes. */
  kept: z.string().nullable(),
});
export type PrunedItem = z.output<typeof prunedItem>;

export const pruneReport = z.strictObject({
  /** Whether nothing was removed, because that was asked for. */
  dryRun: z.boolean(),
  items: z.array(prunedItem),
  /** Allocated by what went, or would go. */
  usedBytes: z.number(),
  /** How much nothing holds though it should be held: `system doctor` tells of it, and removes it. */
  leftovers: z.int(),
  /** When it was looked; `before` of the removal that follows a dry run. */
  at: z.int(),
});
export type PruneReport = z.output<typeof pruneReport>;
