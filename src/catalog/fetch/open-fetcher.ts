import type { System } from "../../system/system.ts";
import type { ProxyEnvironment } from "../catalog.ts";
import { makeFetcher, type Fetcher } from "./fetcher.ts";
import { makeFileTransport } from "./file-transport.ts";
import { makeHttpTransport } from "./http-transport.ts";
import { makeOciTransport } from "./oci-transport.ts";
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

/** Fetches from addresses of the web, of registries, and of this computer. */
export function openFetcher(system: System, options: FetcherOptions): Fetcher {
  return makeFetcher(system, openTransport(system, options), options.retryDelaysMs ?? RETRY_DELAYS_MS);
}

/** One for all kinds of addresses; it tries once. */
export function openTransport(system: System, { proxies, advice, stallMs = STALL_MS }: FetcherOptions): Transport {
  const web = makeHttpTransport(system.clock, proxies, stallMs, advice);
  const registry = makeOciTransport(system.clock, proxies, stallMs, advice);
  const local = makeFileTransport(system, advice);
  const transportOf = (url: string): Transport => (url.startsWith("file:") ? local : url.startsWith("oci:") ? registry : web);
  return { advice, open: (url, offset, signal) => transportOf(url).open(url, offset, signal) };
}
