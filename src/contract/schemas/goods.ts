/** What images and kernels look like from outside. */
import { z } from "zod";
import { imageCommands } from "./image-commands.ts";
import { guestInit } from "./init.ts";
import { requirements } from "./requirement.ts";

export const kernel = z.strictObject({
  name: z.string(),
  /** `debian-archive`, `import`, `build`. */
  source: z.string(),
  distro: z.string().nullable(),
  arch: z.string(),
  /** As `uname -r` says; null when not known. */
  version: z.string().nullable(),
  /** Of the kernel file. */
  sha256: z.string(),
  bytes: z.number(),
  /** What the kernel needs loaded before it can boot a vm, in load order. */
  modules: z.array(z.string()),
  createdAt: z.number(),
  /** VMs that hold it. */
  usedBy: z.array(z.string()),
  problems: z.array(z.string()),
});
export type Kernel = z.output<typeof kernel>;

const imageDisk = z.strictObject({
  /** Apparent, as a vm sees it. */
  bytes: z.number(),
  /** What it takes on disk. */
  usedBytes: z.number(),
});

export const image = z.strictObject({
  name: z.string(),
  source: z.string(),
  distro: z.string().nullable(),
  arch: z.string(),
  /** The kernel a vm of it gets unless told otherwise. */
  kernelRef: z.string().nullable(),
  init: guestInit,
  /** What a vm of it needs to be ready. */
  requirements,
  /** What it wants in the environment of its commands, `KEY=VALUE` each, and how they are to be run. */
  env: z.array(z.string()),
  commands: imageCommands,
  /** Of its base, with the function before it: `sha256:` or `blake3:`. Empty of one that cannot be read. */
  checksum: z.string(),
  /** Base and work seed, as stored. */
  bytes: z.number(),
  /** How much of that images of other names have too, and which. */
  sharedBytes: z.number(),
  sharedWith: z.array(z.string()),
  /** Null of one that cannot be read. */
  base: imageDisk.extend({ format: z.string() }).nullable(),
  workSeed: imageDisk.nullable(),
  hasWorkSeed: z.boolean(),
  /** Of one that came from a registry: by what it was asked for, the digest of its manifest, and its layers, bottom first. */
  reference: z.string().nullable(),
  digest: z.string().nullable(),
  layers: z.array(z.strictObject({ digest: z.string(), bytes: z.number() })),
  createdAt: z.number(),
  usedBy: z.array(z.string()),
  problems: z.array(z.string()),
});
export type Image = z.output<typeof image>;
