/** Requests to where things are put: uploads that stream, an end to waiting, and another try after a fault of the way. */
import { BangerError } from "../../contract/errors.ts";
import type { Clock } from "../../system/system.ts";
import type { ProxyEnvironment } from "../catalog.ts";
import { isTransient } from "../fetch/is-transient.ts";
import { certificateFault } from "../fetch/certificate-fault.ts";
import { proxyFor } from "../fetch/proxies.ts";
import { readBounded } from "../fetch/read-bounded.ts";
import { openWatchdog } from "../fetch/watchdog.ts";

export interface Wanted {
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Body;
}

export interface Body {
  readonly bytes: number;
  /** From its beginning, for each try. */
  open(): AsyncIterable<Uint8Array>;
}

export interface Reply {
  /** That was asked. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Sender {
  /**
   * Sends what `make` gives, anew for each try: signatures have an instant in them. Any answer is returned, the last one where tries are used
   * up. Throws `unavailable` `store_unreachable`, `cancelled`. What `make` throws is thrown on.
   */
  send(make: () => Wanted | Promise<Wanted>, signal: AbortSignal, options?: SendOptions): Promise<Reply>;
}

export interface SendOptions {
  readonly isOnce?: boolean;
  /** Of the answer. */
  readonly maxBytes?: number;
}

export interface SenderParts {
  readonly clock: Clock;
  readonly proxies: ProxyEnvironment;
  readonly retryDelaysMs: readonly number[];
  /** After this long without a byte a connection counts as dead. */
  readonly stallMs: number;
}

const ANSWER_MAX_BYTES = 64 * 1024;

export function makeSender({ clock, proxies, retryDelaysMs, stallMs }: SenderParts): Sender {
  const sendOnce = async (wanted: Wanted, signal: AbortSignal, maxBytes: number): Promise<Reply> => {
    const watchdog = openWatchdog(clock, stallMs, signal);
    const { method, url, headers, body } = wanted;
    const proxy = proxyFor(url, proxies);
    try {
      const response = await fetch(url, {
        method,
        // A redirect would take what we show of ourselves to somebody else.
        redirect: "manual",
        signal: watchdog.signal,
        decompress: false,
        headers: {
          "accept-encoding": "identity",
          "user-agent": "banger",
          ...headers,
          ...(body === undefined ? {} : { "content-length": String(body.bytes) }),
        },
        ...(body === undefined || body.bytes === 0 ? {} : { body: fed(body, (bytes) => watchdog.feed(bytes)) }),
        ...(proxy === undefined ? {} : { proxy }),
      });
      const text = await readBounded(response.body, maxBytes);
      return { url: url.href, status: response.status, headers: response.headers, text };
    } catch (error) {
      throw faultOf(error, url, signal, stallMs);
    } finally {
      watchdog.close();
    }
  };
  return {
    send: async (make, signal, { isOnce = false, maxBytes = ANSWER_MAX_BYTES } = {}) => {
      for (const delayMs of isOnce ? [] : retryDelaysMs) {
        const wanted = await make();
        try {
          const reply = await sendOnce(wanted, signal, maxBytes);
          if (!isTransient(reply.status)) return reply;
        } catch (error) {
          if (!(error instanceof BangerError) || error.code !== "store_unreachable") throw error;
        }
        await pause(clock, delayMs, signal);
      }
      return sendOnce(await make(), signal, maxBytes);
    },
  };
}

export async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(delayMs, signal);
  } catch (error) {
    if (signal.aborted) throw cancelled(signal);
    throw error;
  }
}

async function* fed(body: Body, feed: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const part of body.open()) {
    feed(part.length);
    yield part;
  }
}

function faultOf(error: unknown, url: URL, signal: AbortSignal, stallMs: number): Error {
  if (signal.aborted) return cancelled(signal);
  // The watchdog's; others have passed through.
  const isStalled = error instanceof BangerError && error.code === "mirror_unreachable";
  if (error instanceof BangerError && !isStalled) return error;
  const untrusted = certificateFault(error, url.host);
  if (untrusted !== undefined) return untrusted;
  const why = isStalled
    ? `next to nothing moved for ${Math.round(stallMs / 1000)} s`
    : error instanceof Error
      ? error.message
      : String(error);
  return new BangerError("unavailable", "store_unreachable", `cannot reach ${url.host}: ${why}`, {
    hint: "check the network, the proxy and the address, and try again: what was done is not done twice",
    cause: error,
  });
}

function cancelled(signal: AbortSignal): BangerError {
  return new BangerError("cancelled", "cancelled", "publishing was cancelled", { cause: signal.reason });
}
