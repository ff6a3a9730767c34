/** What every bundle is held to by whoever uses it, be it of a kernel or of an image: its manifest, and the files that this tells of. */
import type { z } from "zod";
import { BangerError } from "../../contract/errors.ts";
import { problemsOf, wordProblem } from "../../contract/problems-of.ts";
import { isOfThePath, reasonOf } from "../../contract/system-error.ts";
import { wordIssue } from "../../contract/word-issue.ts";
import type { System } from "../../system/system.ts";
import type { AllowedFile, UnpackedBundle } from "../catalog.ts";
import { unpackBundle } from "./unpack-bundle.ts";

const PROBLEMS_TOLD = 5;

/** Words why a bundle is no good: `has no vmlinux`. */
export type Fail = (why: string, cause?: unknown) => never;

/** What its manifest says. */
export function parseBundleManifest<T extends z.ZodType>(schema: T, text: string, fail: Fail): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(`has a manifest.json that is none: ${(error as Error).message}`, error);
  }
  const { success, data, error } = schema.safeParse(value, { error: wordIssue });
  if (success) return data;
  return fail(`has a manifest.json that is not as it should be: ${problemsIn(error)}`, error);
}

/** What a schema has against a manifest that is to be written. */
export function problemsIn(error: z.ZodError): string {
  return error.issues.flatMap(problemsOf).map(wordProblem).slice(0, PROBLEMS_TOLD).join("; ");
}

/** Each file that the manifest tells of, with its content, and no other. */
export function requireBundleFiles(
  { files }: UnpackedBundle,
  wanted: readonly (readonly [name: string, said: { readonly sha256: string; readonly bytes: number }])[],
  fail: Fail,
): void {
  for (const [name, { sha256, bytes }] of wanted) {
    const found = files.find((file) => file.name === name);
    if (found === undefined) return fail(`has no ${name}`);
    if (found.sha256 !== sha256 || found.bytes !== bytes) return fail(`has another ${name} than its manifest.json says`);
  }
  if (files.length !== wanted.length) fail("has files that its manifest.json does not tell of");
}

export interface GivenBundle {
  readonly path: string;
  /** Empty, and the caller's to remove. */
  readonly folder: string;
  readonly allowed: readonly AllowedFile[];
  readonly type: "kernel" | "image";
}

/**
 * A bundle that somebody is about to publish, looked at as those who pull it will: what is signed into a catalog stays there for long.
 * Throws `invalid` `bad_bundle`.
 */
export async function readGivenBundle<T>(
  system: System,
  { path, folder, allowed, type }: GivenBundle,
  verify: (unpacked: UnpackedBundle, fail: Fail) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const fail: Fail = (why, cause) => {
    throw new BangerError("invalid", "bad_bundle", `cannot publish ${path}: it ${why}`, {
      hint: `a bundle is NAME-ARCH-DIGEST.tar.zst, as banger ${type} bundle NAME --into DIR makes it`,
      cause,
    });
  };
  try {
    if ((await system.files.find(path))?.kind !== "file") return fail("is no file");
    const sha256 = await system.files.sha256(path, signal);
    return await verify(await unpackBundle(system, { path, sha256, folder, allowed }, signal), fail);
  } catch (error) {
    if (isOfThePath(error, path)) return fail(`cannot be read: ${reasonOf(error)}`, error);
    if (error instanceof BangerError && ["damaged_bundle", "unpacked_too_large"].includes(error.code))
      return fail(`is not whole: ${error.cause instanceof Error ? error.cause.message : error.message}`, error);
    throw error;
  }
}
