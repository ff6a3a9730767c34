/**
 * A large file whose digest nobody knows before: a signature over it is checked by whoever asked. It is named by its address, a
 * broken-off try leaves its part to be resumed, and what turns out to be no good must be forgotten.
 */
import { createHash } from "node:crypto";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { FetchOptions } from "../catalog.ts";
import { longerThanAllowed, requireSpace, truncated } from "./download-faults.ts";
import type { Answer, Transport } from "./transport.ts";
import { writeThrough } from "./write-through.ts";

/** Where the file of an address is in the download cache. */
export function signedPath({ layout }: System, url: string): string {
  return `${layout.downloads}/url-${createHash("sha256").update(url).digest("hex")}`;
}

export async function downloadSigned(
  system: System,
  transport: Transport,
  url: string,
  maxBytes: number,
  options: FetchOptions,
): Promise<string> {
  const { files, layout } = system;
  const path = signedPath(system, url);
  const part = `${path}.part`;
  await files.makeFolder(layout.downloads);
  if ((await files.find(path))?.kind === "file") return path;
  const start = await startOf(system, part, maxBytes);
  const answer = await openFrom(system, transport, url, part, start, options.signal);
  if (answer.offset !== start) await files.removeFile(part);
  if (answer.bytes !== undefined) await requireSpace(system, answer.bytes, url);
  const body = counted(answer, url, maxBytes, options);
  try {
    await writeThrough(body, files.openWrite(part, "a"), options.signal);
  } catch (error) {
    if (options.signal.aborted) {
      throw new BangerError("cancelled", "cancelled", "the download was cancelled", { cause: options.signal.reason });
    }
    if (error instanceof BangerError && error.kind === "refused") await files.removeFile(part);
    throw error;
  }
  await files.sync(part);
  await files.rename(part, path);
  return path;
}

async function startOf({ files }: System, part: string, maxBytes: number): Promise<number> {
  const info = await files.find(part);
  if (info?.kind === "file" && info.bytes < maxBytes) return info.bytes;
  await files.removeFile(part);
  return 0;
}

/** A server that has no such part any more is asked for the whole. */
async function openFrom(
  system: System,
  transport: Transport,
  url: string,
  part: string,
  start: number,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    return await transport.open(url, start, signal);
  } catch (error) {
    if (start === 0 || !(error instanceof BangerError) || error.code !== "mirror_lacks_file") throw error;
    await system.files.removeFile(part);
    return transport.open(url, 0, signal);
  }
}

async function* counted(answer: Answer, url: string, maxBytes: number, options: FetchOptions): AsyncGenerator<Uint8Array> {
  const total = answer.bytes === undefined ? undefined : answer.offset + answer.bytes;
  let done = answer.offset;
  for await (const part of answer.body) {
    done += part.length;
    if (done > maxBytes) throw longerThanAllowed(url, maxBytes);
    if (total !== undefined) options.onProgress?.(done, total);
    yield part;
  }
  if (total !== undefined && done < total) throw truncated(url, done, total);
}
