/** That a name is no longer there, told by the kernel. */
import { lstatSync, watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";

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

function tryWatch(folder: string, look: () => void): FSWatcher | undefined {
  try {
    return watch(folder, look).on("error", look);
  } catch {
    return undefined; // then the looks have to do
  }
}
