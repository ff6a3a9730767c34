/** Fetching with a bound before and a check after: small files into memory, files of known digest into the download cache. */
import { onDisk } from "../../contract/disk-full.ts";
import { unlessAborted } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { FetchOptions, SignedFiles } from "../catalog.ts";
import { longerThanAllowed, truncated } from "./download-faults.ts";
import { shownUrl } from "./shown-url.ts";
import { downloadSigned, signedPath } from "./signed-download.ts";
import type { Transport } from "./transport.ts";
import { downloadVerified, verifiedPaths } from "./verified-download.ts";
import { withRetries } from "./with-retries.ts";

export interface Fetcher extends SignedFiles {
  /**
   * The path of a file with this digest in the download cache; fetched if need be.
   * @param through what gets it, where that needs more than its address.
   */
  verified(wanted: WantedFile, options: FetchOptions, through?: Transport): Promise<string>;
  /** Removes one from the download cache, whole or in part; nothing happens when it is not there. */
  forgetVerified(sha256: string): Promise<void>;
}

export interface WantedFile {
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
}

export function makeFetcher(system: System, transport: Transport, retryDelaysMs: readonly number[]): Fetcher {
  const underWay = new Map<string, Promise<unknown>>();
  /** Two operations after one file would write into each other's download: the second waits, then finds it. */
  const oneAtATime = async (key: string, url: string, signal: AbortSignal, fetchIt: () => Promise<string>): Promise<string> => {
    for (let other = underWay.get(key); other !== undefined; other = underWay.get(key)) await unlessAborted(other, signal, "the download");
    const { downloads } = system.layout;
    const work = withRetries(system.clock, retryDelaysMs, signal, () => onDisk(`cannot fetch ${shownUrl(url)}`, downloads, fetchIt));
    const settled = work.then(
      () => underWay.delete(key),
      () => underWay.delete(key),
    );
    underWay.set(key, settled);
    return work;
  };
  return {
    small: (url, maxBytes, signal) => withRetries(system.clock, retryDelaysMs, signal, () => readSmall(transport, url, maxBytes, signal)),
    verified: (wanted, options, through = transport) =>
      oneAtATime(wanted.sha256, wanted.url, options.signal, () => downloadVerified(system, through, wanted, options)),
    forgetVerified: async (sha256) => {
      for (const path of verifiedPaths(system, sha256)) await system.files.removeFile(path);
    },
    signed: (url, maxBytes, options) =>
      oneAtATime(url, url, options.signal, () => downloadSigned(system, transport, url, maxBytes, options)),
    forgetSigned: (url) => system.files.removeFile(signedPath(system, url)),
  };
}

async function readSmall(transport: Transport, url: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const answer = await transport.open(url, 0, signal);
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const part of answer.body) {
    total += part.length;
    if (total > maxBytes) throw longerThanAllowed(url, maxBytes);
    parts.push(part);
  }
  if (answer.bytes !== undefined && total < answer.bytes) throw truncated(url, total, answer.bytes);
  return Buffer.concat(parts);
}
