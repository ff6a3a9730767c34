/** News of a file, told by the kernel. */
import { tryWatch } from "./try-watch.ts";

/** The kernel's watches may run out, and its queue of news overflow: then somebody looks once in so long. */
const LOOK_MS = 1000;

/** Yields each time that the file has changed since the last time, and now and then without; changes in between are one. */
export function watchFile(path: string, signal: AbortSignal): AsyncIterable<void> {
  let hasNews = false;
  let wake = (): void => undefined;
  const tell = (): void => {
    hasNews = true;
    wake();
  };
  const watcher = tryWatch(path, tell);
  const timer = setInterval(tell, LOOK_MS);
  const close = (): void => {
    watcher?.close();
    clearInterval(timer);
    wake();
  };
  if (signal.aborted) close();
  else signal.addEventListener("abort", close, { once: true });
  return (async function* news(): AsyncGenerator<void> {
    while (!signal.aborted) {
      if (hasNews) {
        hasNews = false;
        yield;
      } else await new Promise<void>((resolve) => (wake = resolve));
    }
  })();
}
