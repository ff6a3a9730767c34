import type { System } from "../../system/system.ts";
import type { ProxyEnvironment } from "../catalog.ts";
import { makeFetcher, type Fetcher } from "./fetcher.ts";
import { makeFileTransport } from "./file-transport.ts";
import { makeHttpTransport } from "./http-transport.ts";
import type { Transport } from "./transport.ts";

const RETRY_DELAYS_MS = [500, 2000, 5000];
const STALL_MS = 30_000;

export interface FetcherOptions {
  readonly proxies: ProxyEnvironment;
  /** What to do where an address cannot be reached, besides to look after network and proxy. */
  readonly advice: string;
  /** Pauses between tries after a fault of the transport. */
  readonly retryDelaysMs?: readonly number[] | undefined;
  /** After this long without a byte a connection is dead. */
  readonly stallMs?: number | undefined;
}

/** Fetches from addresses of the web and of this computer. */
export function openFetcher(
  system: System,
  { proxies, advice, retryDelaysMs = RETRY_DELAYS_MS, stallMs = STALL_MS }: FetcherOptions,
): Fetcher {
  const web = makeHttpTransport(system.clock, proxies, stallMs, advice);
  const local = makeFileTransport(system);
  const transport: Transport = { open: (url, offset, signal) => (url.startsWith("file:") ? local : web).open(url, offset, signal) };
  return makeFetcher(system, transport, retryDelaysMs);
}
