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
  commands: imageCommands,
  sha256: z.string(),
  /** Base and work seed, as stored. */
  bytes: z.number(),
  hasWorkSeed: z.boolean(),
  createdAt: z.number(),
  usedBy: z.array(z.string()),
  problems: z.array(z.string()),
});
export type Image = z.output<typeof image>;
