import type { ProxyEnvironment } from "../catalog.ts";
import { request } from "../fetch/http-transport.ts";
import { readBounded } from "../fetch/read-bounded.ts";
import type { Ask } from "./registry-token.ts";

const TOKEN_MAX_BYTES = 64 * 1024;

/** How a service of tokens is asked: as whatever it guards is. */
export function makeAsk(proxies: ProxyEnvironment, signal: AbortSignal, advice: string): Ask {
  return async (url, { authorization }) => {
    const response = await request(url, 0, proxies, signal, advice, { authorization });
    return { status: response.status, text: await readBounded(response.body, TOKEN_MAX_BYTES) };
  };
}
