/** What a bundle says of itself, as an entry of a catalog needs it: its first member is `manifest.json`. */
import { z } from "zod";
import { BangerError } from "../../contract/errors.ts";
import { problemsOf, wordProblem } from "../../contract/problems-of.ts";
import { wordIssue } from "../../contract/word-issue.ts";
import type { System } from "../../system/system.ts";
import { ByteReader } from "../bundle/byte-reader.ts";
import { readManifest } from "../bundle/read-manifest.ts";
import { onFile } from "../signing/document-files.ts";
import { decompress } from "../unpack/decompress.ts";

const MANIFEST_MAX_BYTES = 64 * 1024;
const LIMITS = { maxBytes: 2 ** 30, timeoutMs: 30_000 };

/** What it has besides is for whoever unpacks it; the entry's own schema looks at the values. */
const manifest = z.object({
  schema: z.literal(1, "is of a form that this banger does not know: install a newer one"),
  type: z.literal("kernel"),
  name: z.string(),
  distro: z.string(),
  arch: z.string(),
  /** Null where nobody knows. */
  version: z.string().nullable(),
});

/** @param description of the entry; name and version when undefined. Throws `invalid` `bad_bundle`. */
export async function readBundleEntry(
  system: System,
  path: string,
  description: string | undefined,
  signal: AbortSignal,
): Promise<unknown> {
  const parsed = manifest.safeParse(await readFirst(system, path, signal), { error: wordIssue });
  if (!parsed.success)
    throw bad(path, `its manifest.json: ${parsed.error.issues.flatMap(problemsOf).map(wordProblem).slice(0, 5).join("; ")}`);
  const { type, name, distro, arch, version } = parsed.data;
  const known = version === null ? {} : { version };
  return {
    type,
    name,
    distro,
    arch,
    ...known,
    description: description ?? [name, ...(version === null ? [] : [`Linux ${version}`])].join(", "),
  };
}

async function readFirst(system: System, path: string, signal: AbortSignal): Promise<unknown> {
  if ((await onFile("read", path, () => system.files.find(path)))?.kind !== "file") throw bad(path, "it is no file");
  const packed = system.files.openRead(path);
  const reader = new ByteReader(decompress(system, packed, "zst", { ...LIMITS, signal }));
  try {
    return JSON.parse(await readManifest(reader, MANIFEST_MAX_BYTES));
  } catch (error) {
    throw bad(path, (error as Error).message, error);
  } finally {
    await reader.close();
    packed.destroy();
  }
}

function bad(path: string, why: string, cause?: unknown): BangerError {
  return new BangerError("invalid", "bad_bundle", `cannot publish ${path}: ${why}`, {
    hint: "a bundle as banger makes it: NAME-ARCH-DIGEST.tar.zst",
    ...(cause === undefined ? {} : { cause }),
  });
}
