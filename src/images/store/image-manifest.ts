/** `manifest.json` of an image: what its files are and where they come from. */
import { z } from "zod";
import { guestInit } from "../../contract/schemas/init.ts";
import { requirements } from "../../contract/schemas/requirement.ts";

const part = z.strictObject({
  bytes: z.number().int().nonnegative(),
  /** What it takes on disk; less than `bytes` for a sparse file. */
  storedBytes: z.number().int().nonnegative(),
});

/** By what function and what it gives. */
export const checksum = z.string().regex(/^(?:sha256|blake3):[0-9a-f]{64}$/);

export const BASE_FORMATS = ["squashfs", "erofs", "ext4"] as const;
export type BaseFormat = (typeof BASE_FORMATS)[number];

/** Where an image of a registry comes from. */
const ociOrigin = z.strictObject({
  reference: z.string(),
  /** Of its manifest. */
  digest: z.string(),
  /** Bottom first; of what was pulled before they were noted there are none. */
  layers: z.array(z.strictObject({ digest: z.string(), bytes: z.number().int().nonnegative() })).default([]),
});

/** What an image says of how its commands are to be run; what is empty, nobody has said. */
const runConfig = z.strictObject({
  /** `KEY=VALUE` each. */
  env: z.array(z.string()).default([]),
  workingDir: z.string().default(""),
  user: z.string().default(""),
  entrypoint: z.array(z.string()).default([]),
  cmd: z.array(z.string()).default([]),
});
export type RunConfig = z.output<typeof runConfig>;
/** Of an image that says nothing. */
export const NO_CONFIG: RunConfig = runConfig.parse({});

export const imageManifest = z.strictObject({
  format: z.literal(1),
  source: z.string(),
  distro: z.string().nullable(),
  arch: z.string(),
  suite: z.string().nullable(),
  packages: z.array(z.string()),
  kernelRef: z.string().nullable(),
  init: guestInit,
  /** What a guest of it needs to be ready; a manifest that says nothing never makes anybody wait. */
  requirements: requirements.default([]),
  /** Milliseconds since the epoch. */
  createdAt: z.number().int(),
  /** The checksum is of the whole file, and tells whether it still is what was made. Of an image that is older, it is its sha256 alone. */
  base: z.preprocess(withChecksum, part.extend({ format: z.enum(BASE_FORMATS), checksum })),
  /** Who wrote its file system last. One that a guest has written is touched by no program of the host, and so never made shorter. */
  workSeed: part.extend({ writer: z.enum(["host", "guest"]).default("host") }).nullable(),
  /** Of an image that comes from no registry there is none. */
  oci: ociOrigin.optional(),
  config: runConfig.default(NO_CONFIG),
  /** Of an image that was built: by what steps, as one digest, and from which image. */
  build: z.strictObject({ identity: z.string().regex(/^[0-9a-f]{64}$/), from: z.string() }).optional(),
});
export type ImageManifest = z.output<typeof imageManifest>;

/** Names inside an image's folder. */
export const MANIFEST_FILE = "manifest.json";
export const WORK_SEED_FILE = "work-seed.ext4";

/** The name says what is in it. */
export function baseFile(format: BaseFormat): string {
  return `base.${format}`;
}

/** Throws what is wrong as text; the caller says of which image. */
export function parseManifest(text: string): ImageManifest {
  return imageManifest.parse(JSON.parse(text));
}

function withChecksum(base: unknown): unknown {
  if (typeof base !== "object" || base === null || !("sha256" in base) || typeof base.sha256 !== "string") return base;
  const { sha256, ...rest } = base;
  return { ...rest, checksum: `sha256:${sha256}` };
}
