/** That a name is no longer there, told by the kernel. */
import { lstatSync } from "node:fs";
import { basename, dirname } from "node:path";
import { tryWatch } from "./try-watch.ts";

/** The kernel's watches may run out: then somebody looks once in so long. */
const LOOK_MS = 60_000;

/** Resolves when there is nothing at `path` any more, whoever removed it. Rejects with the signal. */
export function watchGone(path: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = (): void => {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) resolve();
  };
  const watcher = tryWatch(dirname(path), (name) => {
    // In a folder of many whom somebody watches each is told of all.
    if (name === undefined || name === basename(path)) look();
  });
  // One that works wakes nobody for nothing.
  const timer = watcher === undefined ? setInterval(look, LOOK_MS) : undefined;
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  look();
  return promise.finally(() => {
    watcher?.close();
    clearInterval(timer);
    signal.removeEventListener("abort", abort);
  });
}
