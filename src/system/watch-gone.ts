/** That a name is no longer there, told by the kernel. */
import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import { tryWatch } from "./try-watch.ts";

/** The kernel's watches may run out: then somebody looks once in so long. */
const LOOK_MS = 60_000;

/** Resolves when there is nothing at `path` any more, whoever removed it. Rejects with the signal. */
export function watchGone(path: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = (): void => {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) resolve();
  };
  const watcher = tryWatch(dirname(path), look);
  const timer = setInterval(look, LOOK_MS);
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
