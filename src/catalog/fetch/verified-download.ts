/**
 * One try at one file of known size and digest. Its bytes go past a counter and a hash to a file that nobody reads; the name
 * that others look for appears by rename, after the digest was right. A broken-off try leaves its part to be resumed.
 */
import { createHash, type Hash } from "node:crypto";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { FetchOptions } from "../catalog.ts";
import { requireSpace, truncated } from "./download-faults.ts";
import type { WantedFile } from "./fetcher.ts";
import { shownUrl } from "./shown-url.ts";
import type { Answer, Transport } from "./transport.ts";
import { writeThrough } from "./write-through.ts";

/** The path of the file in the download cache. Throws `refused` `size_mismatch` or `digest_mismatch`, and what the transport throws. */
export async function downloadVerified(system: System, transport: Transport, wanted: WantedFile, options: FetchOptions): Promise<string> {
  const { files, layout } = system;
  const [path, part] = verifiedPaths(system, wanted.sha256);
  await files.makeFolder(layout.downloads);
  if (await isWhole(system, path, wanted, options)) return path;

  const started = await startOf(system, part, wanted, options.signal);
  try {
    let { hash, bytes } = started;
    if (bytes < wanted.bytes) {
      await requireSpace(system, wanted.bytes - bytes, wanted.url);
      const answer = await transport.open(wanted.url, bytes, options.signal);
      if (answer.offset !== bytes) {
        await files.removeFile(part);
        [hash, bytes] = [createHash("sha256"), 0];
      }
      checkLength(answer, wanted, transport);
      await writeThrough(counted(answer.body, wanted, bytes, hash, options, transport), files.openWrite(part, "a"), options.signal);
    }
    // Nothing is fetched for a file of no bytes, and it is to be there all the same.
    if (wanted.bytes === 0) await files.write(part, new Uint8Array());
    if (hash.digest("hex") !== wanted.sha256) throw digestMismatch(wanted, started.bytes > 0, transport);
    await files.sync(part);
    await files.rename(part, path);
    return path;
  } catch (error) {
    if (options.signal.aborted)
      throw new BangerError("cancelled", "cancelled", "the download was cancelled", { cause: options.signal.reason });
    if (error instanceof BangerError && (error.kind === "refused" || error.data?.["discard"] === true)) await files.removeFile(part);
    throw error;
  }
}

/** Where it is when it is whole, and while it is fetched. */
export function verifiedPaths({ layout }: Pick<System, "layout">, sha256: string): readonly [whole: string, part: string] {
  const path = `${layout.downloads}/sha256-${sha256}`;
  return [path, `${path}.part`];
}

async function isWhole(system: System, path: string, wanted: WantedFile, options: FetchOptions): Promise<boolean> {
  const info = await system.files.find(path);
  if (info === undefined) return false;
  if (info.kind === "file" && info.bytes === wanted.bytes && (await system.files.sha256(path, options.signal)) === wanted.sha256) {
    options.onProgress?.(wanted.bytes, wanted.bytes);
    return true;
  }
  await system.files.removeFile(path);
  return false;
}

/** What an earlier try left, hashed. */
async function startOf(
  system: System,
  part: string,
  wanted: WantedFile,
  signal: AbortSignal,
): Promise<{ readonly hash: Hash; readonly bytes: number }> {
  const hash = createHash("sha256");
  const info = await system.files.find(part);
  if (info === undefined) return { hash, bytes: 0 };
  if (info.kind !== "file" || info.bytes > wanted.bytes) {
    await system.files.removeFile(part);
    return { hash, bytes: 0 };
  }
  let bytes = 0;
  for await (const some of system.files.openRead(part) as AsyncIterable<Uint8Array>) {
    signal.throwIfAborted();
    hash.update(some);
    bytes += some.length;
  }
  return { hash, bytes };
}

async function* counted(
  body: AsyncIterable<Uint8Array>,
  wanted: WantedFile,
  startBytes: number,
  hash: Hash,
  options: FetchOptions,
  transport: Transport,
): AsyncGenerator<Uint8Array> {
  let done = startBytes;
  for await (const some of body) {
    done += some.length;
    if (done > wanted.bytes) throw sizeMismatch(wanted, `it goes on after the ${wanted.bytes} bytes that were announced`, transport);
    hash.update(some);
    options.onProgress?.(done, wanted.bytes);
    yield some;
  }
  if (done < wanted.bytes) throw truncated(wanted.url, done, wanted.bytes);
}

function checkLength(answer: Answer, wanted: WantedFile, transport: Transport): void {
  if (answer.bytes === undefined || answer.offset + answer.bytes === wanted.bytes) return;
  throw sizeMismatch(wanted, `it has ${answer.offset + answer.bytes} bytes, and ${wanted.bytes} were announced`, transport);
}

function sizeMismatch(wanted: WantedFile, why: string, { advice }: Transport): BangerError {
  return new BangerError("refused", "size_mismatch", `cannot use ${shownUrl(wanted.url)}: ${why}`, {
    hint: `try again later, or ${advice}`,
  });
}

/** A resumed file may be wrong for its old part alone: that one is thrown away and fetched whole once more. */
function digestMismatch(wanted: WantedFile, wasResumed: boolean, { advice }: Transport): BangerError {
  const message = `cannot use ${shownUrl(wanted.url)}: its content is not what was announced`;
  if (wasResumed) return new BangerError("unavailable", "download_truncated", message, { data: { discard: true } });
  return new BangerError("refused", "digest_mismatch", message, { hint: `try again later, or ${advice}` });
}
