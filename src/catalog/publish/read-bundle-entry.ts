/** What a bundle says of itself, as an entry of a catalog needs it: its first member is `manifest.json`. */
import { z } from "zod";
import { BangerError } from "../../contract/errors.ts";
import { problemsOf, wordProblem } from "../../contract/problems-of.ts";
import { wordIssue } from "../../contract/word-issue.ts";
import type { System } from "../../system/system.ts";
import { onFile } from "../signing/document-files.ts";
import { decompress } from "../unpack/decompress.ts";
import { parseTarHeader, TAR_BLOCK_BYTES } from "../unpack/tar-header.ts";

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
  try {
    let bytes = Buffer.alloc(0);
    for await (const part of decompress(system, packed, "zst", { ...LIMITS, signal })) {
      bytes = Buffer.concat([bytes, part]);
      if (bytes.length < TAR_BLOCK_BYTES) continue;
      const header = parseTarHeader(bytes.subarray(0, TAR_BLOCK_BYTES));
      if (header.name.replace(/^\.\//, "") !== "manifest.json" || header.type !== "0")
        throw new Error("its first member is not manifest.json");
      if (header.bytes > MANIFEST_MAX_BYTES) throw new Error("its manifest.json is too long");
      const end = TAR_BLOCK_BYTES + header.bytes;
      if (bytes.length >= end) return JSON.parse(bytes.subarray(TAR_BLOCK_BYTES, end).toString());
    }
    throw new Error("it ends before its manifest.json");
  } catch (error) {
    throw bad(path, (error as Error).message, error);
  } finally {
    packed.destroy();
  }
}

function bad(path: string, why: string, cause?: unknown): BangerError {
  return new BangerError("invalid", "bad_bundle", `cannot publish ${path}: ${why}`, {
    hint: "a bundle as banger makes it: NAME-ARCH-DIGEST.tar.zst",
    ...(cause === undefined ? {} : { cause }),
  });
}
