import { main } from "./main.ts";
import type { Wire } from "./services.ts";

/** Runs the daemon in this process until SIGTERM, SIGINT or a client ends it. A terminal that goes away does not. */
export async function runDaemon(readyDescriptor: number | undefined, wire: Wire): Promise<void> {
  const stop = new AbortController();
  process.on("SIGTERM", () => stop.abort());
  process.on("SIGINT", () => stop.abort());
  process.on("SIGHUP", () => undefined);
  await main({ environment: process.env, readyDescriptor, wire, signal: stop.signal });
}
