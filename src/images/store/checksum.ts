/**
 * How a base is known again. What others are told of it is its sha256, as everybody can check that. Of one that was put together here nobody
 * else knows the bytes, and to hash a gigabyte takes seconds where the processor has no instructions for SHA: it has a BLAKE3, which the
 * program that puts it together gives as it goes by, and its sha256 is asked for when it is bundled.
 */
import { z } from "zod";
import { BangerError } from "../../contract/errors.ts";
import { escapeText } from "../../contract/escape-text.ts";
import type { System } from "../../system/system.ts";
import { checksum } from "./image-manifest.ts";

const SHA256 = "sha256:";
const TIMEOUT_MS = 60 * 60_000;
const said = z.strictObject({ summed: z.strictObject({ checksum }) });

/** Whether a file has this checksum. @param placeLayers gives the program `banger-layers`. Throws `unavailable` `program_failed`. */
export async function hasChecksum(
  system: System,
  placeLayers: () => Promise<string>,
  path: string,
  expected: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (expected.startsWith(SHA256)) return (await system.files.sha256(path, signal)) === expected.slice(SHA256.length);
  const { code, stdout, stderr } = await system.processes.run([await placeLayers(), "sum", path], { timeoutMs: TIMEOUT_MS, signal });
  const answer = said.safeParse(code === 0 ? parseJson(stdout) : undefined);
  if (answer.success) return answer.data.summed.checksum === expected;
  throw new BangerError("unavailable", "program_failed", `cannot tell whether ${path} was changed: ${escapeText(stdout + stderr)}`, {
    hint: "try again; banger doctor",
  });
}

/** Its sha256, in hex, which is computed where it is not known. */
export async function sha256Of({ files }: System, path: string, known: string, signal: AbortSignal): Promise<string> {
  return known.startsWith(SHA256) ? known.slice(SHA256.length) : await files.sha256(path, signal);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
