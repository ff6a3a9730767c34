/**
 * `metadata.json` beside a kernel to import, when a person or a build wants to say what is what. All paths are relative to its
 * folder. Only `kernel` must be there; nothing else is allowed.
 *
 *     {
 *       "kernel": "vmlinux",                      the kernel file: an ELF or a boot image, gzip, xz, zstd or lz4 or plain
 *       "sha256": "...",                          of that file, checked before anything looks into it
 *       "modules": "lib/modules/6.12.1",          a folder with modules.builtin and .ko files, if there are any
 *       "config": "config-6.12.1",                the kernel's configuration, if it is there
 *       "initrd": "initrd.img",                   allowed, and not used: the guest agent is the initramfs
 *       "needsAcpi": false,                       whether it finds its devices only through ACPI; else found out
 *       "version": "6.12.1", "distro": "debian", "arch": "amd64"
 *     }
 */
import { z } from "zod";
import { distroName, kernelRelease, sha256 } from "../../contract/schemas/names.ts";

const relativePath = z
  .string()
  .max(1024)
  .refine(
    (path) => path.split("/").every((part) => part !== "" && part !== "." && part !== "..") && !path.includes("\0"),
    "must be a path inside the folder",
  );

export const kernelMetadata = z.strictObject({
  kernel: relativePath,
  sha256: sha256.optional(),
  modules: relativePath.optional(),
  config: relativePath.optional(),
  initrd: relativePath.optional(),
  needsAcpi: z.boolean().optional(),
  version: kernelRelease.optional(),
  distro: distroName.optional(),
  arch: z.enum(["amd64", "x86_64"], "only kernels for amd64 (x86_64) can be used").optional(),
});
export type KernelMetadata = z.output<typeof kernelMetadata>;
