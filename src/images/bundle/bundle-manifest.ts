/**
 * `manifest.json` of an image's bundle, the first file in it. It has no time and no name of who made it: the same image under the same
 * name makes the same bundle.
 *
 *     {
 *       "schema": 1, "type": "image",
 *       "name": "web", "distro": "debian-bookworm", "arch": "amd64",
 *       "kernelRef": "debian-6.12",               the kernel of its vms, or null
 *       "init": "agent", "requirements": [],      who is PID 1, and what a vm of it needs to be ready
 *       "config": { "env": ["PATH=/bin"], "workingDir": "", "user": "", "entrypoint": [], "cmd": [] },
 *       "base": { "format": "squashfs", "bytes": 180000000, "sha256": "...", "packed": null },
 *       "workSeed": { "bytes": 21474836480, "packed": { "bytes": 700000, "sha256": "...", "runs": [[0, 4096], [524288, 65536]] } }
 *     }
 *
 * A disk is there as it is, as `base.squashfs`, or packed, as `work-seed.ext4.data`: without its zeros, its runs one after the other. Each
 * run says where it belongs and how long it is.
 */
import { z } from "zod";
import { problemsIn, TAR_MAX_BYTES } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import { guestInit } from "../../contract/schemas/init.ts";
import { distroName, goodsName, sha256 } from "../../contract/schemas/names.ts";
import { requirements } from "../../contract/schemas/requirement.ts";
import { wordIssue } from "../../contract/word-issue.ts";
import { DISK_MAX_BYTES } from "../../disks/disks.ts";
import type { Run } from "../../system/system.ts";
import { BASE_FORMATS, type ImageManifest } from "../store/image-manifest.ts";

/** Of one disk: two lists of so many fit into a manifest. */
export const MOST_RUNS = 4096;
/** What the manifest of a bundle may have. */
const MANIFEST_MAX_BYTES = 2 ** 20;
const CONFIG_MOST = 4096;

const diskBytes = z.number().int().min(1).max(DISK_MAX_BYTES);
const packedBytes = z.number().int().min(1).max(TAR_MAX_BYTES);
const offset = z.number().int().min(0).max(DISK_MAX_BYTES);
const packed = z.strictObject({
  /** Of the data, as it lies in the bundle. */
  sha256,
  bytes: packedBytes,
  runs: z
    .array(z.tuple([offset, packedBytes]))
    .min(1)
    .max(MOST_RUNS)
    .refine(isInOrder, "are not in order, or run into each other"),
});
export type PackedDisk = z.output<typeof packed>;

interface Disk {
  readonly bytes: number;
  readonly packed: PackedDisk | null;
}

const FITS = "has runs that go beyond its end, or are more or less than its data";
const base = z
  .strictObject({ format: z.enum(BASE_FORMATS), bytes: diskBytes, sha256, packed: packed.nullable() })
  .refine(isWhole, FITS)
  .refine(({ bytes, packed: data }) => data !== null || bytes <= TAR_MAX_BYTES, "is larger than a file in a bundle can be");
const seed = z.strictObject({ bytes: diskBytes, packed }).refine(isWhole, FITS);

const noNul = /^[^\0]*$/;
const argument = z.string().max(131_072).regex(noNul, "has a NUL");
const words = z.array(argument).max(CONFIG_MOST);
const config = z.strictObject({
  env: z.array(argument.regex(/^[^=\0]+=/, "is no KEY=VALUE")).max(CONFIG_MOST),
  workingDir: z.string().max(4096).regex(noNul, "has a NUL"),
  user: z
    .string()
    .max(256)
    .regex(/^[^\0\n]*$/, "is no user"),
  entrypoint: words,
  cmd: words,
});

export const bundleManifest = z.strictObject({
  schema: z.literal(1, "is of a form that this banger does not know: install a newer one"),
  type: z.literal("image"),
  name: goodsName,
  distro: distroName,
  arch: z.literal("amd64"),
  kernelRef: goodsName.nullable(),
  init: guestInit,
  requirements,
  config,
  base,
  workSeed: seed.nullable(),
});
export type BundleManifest = z.output<typeof bundleManifest>;

/** Whoever made an image and did not say of what distribution it is: that is nobody's. */
const NO_DISTRO = "custom";

/**
 * @param disks how they are packed, and the sha256 of the base. Throws `refused` `image_not_bundled` for an image with words that no catalog may have, or more of it
 * than a bundle can have.
 */
export function bundleManifestOf(
  { distro, arch, kernelRef, init, requirements: needs, config: said, base: { format, bytes }, workSeed }: ImageManifest,
  name: string,
  disks: { readonly sha256: string; readonly base: PackedDisk | null; readonly workSeed: PackedDisk | null },
): string {
  const manifest = {
    schema: 1,
    type: "image",
    name,
    distro: distro ?? NO_DISTRO,
    arch,
    kernelRef,
    init,
    requirements: needs,
    config: said,
    base: { format, bytes, sha256: disks.sha256, packed: disks.base },
    workSeed: workSeed === null ? null : { bytes: workSeed.bytes, packed: disks.workSeed },
  };
  const parsed = bundleManifest.safeParse(manifest, { error: wordIssue });
  if (!parsed.success) throw notBundled(name, problemsIn(parsed.error));
  const text = `${JSON.stringify(parsed.data, undefined, 2)}\n`;
  if (Buffer.byteLength(text) > MANIFEST_MAX_BYTES) throw notBundled(name, "its config is longer than a bundle can have");
  return text;
}

function notBundled(name: string, why: string): BangerError {
  return new BangerError("refused", "image_not_bundled", `cannot bundle the image ${name}: ${why}`, {
    hint: `banger image show ${name}`,
  });
}

function isInOrder(runs: readonly Run[]): boolean {
  return runs.every(([start], at) => {
    const [before, length] = runs[at - 1] ?? [0, 0];
    return start >= before + length;
  });
}

function isWhole({ bytes, packed: data }: Disk): boolean {
  if (data === null) return true;
  const [start, length] = data.runs.at(-1) ?? [0, 0];
  return start + length <= bytes && data.runs.reduce((sum, [, each]) => sum + each, 0) === data.bytes;
}
