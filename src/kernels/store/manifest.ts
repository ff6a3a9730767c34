/** `manifest.json` of a stored kernel. */
import { z } from "zod";
import { sha256 } from "../../contract/schemas/names.ts";

export const kernelManifest = z.strictObject({
  format: z.literal(1),
  name: z.string(),
  source: z.enum(["debian-archive", "bundle", "import", "build"]),
  /** The package it came from; null for an imported one. */
  package: z.strictObject({ name: z.string(), version: z.string(), suite: z.string(), sha256 }).nullable(),
  distro: z.string().nullable(),
  arch: z.literal("amd64"),
  version: z.string().nullable(),
  needsAcpi: z.boolean(),
  /** How that was found out. */
  acpiReason: z.string(),
  vmlinux: z.strictObject({ sha256, bytes: z.number().int().positive() }),
  /** In load order; null when nothing needs loading. */
  modules: z.strictObject({ sha256, bytes: z.number().int().positive(), names: z.array(z.string()).min(1) }).nullable(),
  createdAt: z.number(),
});
export type KernelManifest = z.output<typeof kernelManifest>;

/** What the caller of `KernelFolder.keep` knows about a kernel; the rest is measured. */
export type KernelOrigin = Pick<KernelManifest, "name" | "source" | "package" | "distro">;
