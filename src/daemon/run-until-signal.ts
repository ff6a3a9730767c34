import { main, type MainOptions } from "./main.ts";

/** Runs the daemon in this process until SIGTERM, SIGINT or a client ends it. A terminal that goes away does not. */
export async function runUntilSignal(options: Omit<MainOptions, "signal">): Promise<void> {
  const stop = new AbortController();
  process.on("SIGTERM", () => stop.abort());
  process.on("SIGINT", () => stop.abort());
  process.on("SIGHUP", () => undefined);
  await main({ ...options, signal: stop.signal });
}
