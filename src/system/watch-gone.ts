/** That a name is no longer there, told by the kernel. */
import { lstatSync } from "node:fs";
import { basename, dirname } from "node:path";
import { tryWatch } from "./try-watch.ts";

/** The kernel's watches may run out, and tell nothing of a folder that was moved away: so somebody looks once in so long. */
const LOOK_MS = 60_000;

/** Resolves when there is nothing at `path` any more, whoever removed it. Rejects with the signal. */
export function watchGone(path: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = (): void => {
    try {
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) resolve();
    } catch {
      // Who may not look knows nothing.
    }
  };
  const watcher = tryWatch(dirname(path), (name) => {
    // In a folder of many whom somebody watches each is told of all.
    if (name === undefined || name === basename(path)) look();
  });
  let timer: NodeJS.Timeout | undefined;
  const lookLater = (): void => {
    // All at the same moments, so that many cost no more wake-ups than one.
    timer = setTimeout(
      () => {
        look();
        lookLater();
      },
      LOOK_MS - (performance.now() % LOOK_MS),
    );
  };
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  look();
  lookLater();
  return promise.finally(() => {
    watcher?.close();
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  });
}
