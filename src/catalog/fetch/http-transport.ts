/** Mirrors over HTTP, with proxies, few redirects, and an end to waiting. */
import { BangerError } from "../../contract/errors.ts";
import type { Clock } from "../../system/system.ts";
import type { ProxyEnvironment } from "../catalog.ts";
import { certificateFault } from "./certificate-fault.ts";
import { isTransient } from "./is-transient.ts";
import { proxyFor } from "./proxies.ts";
import { decideRedirect } from "./redirect.ts";
import type { Answer, Transport } from "./transport.ts";
import { shownUrl } from "./shown-url.ts";
import { openWatchdog, type Watchdog } from "./watchdog.ts";

const MAX_REDIRECTS = 5;

/**
 * @param stallMs after this long without a byte a connection counts as dead.
 * @param advice what to do where that address does not do.
 */
export function makeHttpTransport(clock: Clock, proxies: ProxyEnvironment, stallMs: number, advice: string): Transport {
  return {
    advice,
    open: async (url, offset, signal) => {
      const watchdog = openWatchdog(clock, stallMs, signal);
      try {
        const response = await request(new URL(url), offset, proxies, watchdog.signal, advice);
        return answerOf(response, offset, watchdog, signal, advice);
      } catch (error) {
        watchdog.close();
        throw faultOf(error, url, signal, advice);
      }
    },
  };
}

/** What is said of us and of what we want. */
export interface Shown {
  /** For the host that was asked alone: where that sends us is none of its business. */
  readonly authorization?: string | undefined;
  readonly accept?: string | undefined;
}

export async function request(
  first: URL,
  offset: number,
  proxies: ProxyEnvironment,
  signal: AbortSignal,
  advice: string,
  { authorization, accept }: Shown = {},
): Promise<Response> {
  let url = first;
  for (let hops = 0; ; hops++) {
    const proxy = proxyFor(url, proxies);
    const response = await fetch(url, {
      redirect: "manual",
      signal,
      decompress: false,
      headers: {
        "accept-encoding": "identity",
        "user-agent": "banger",
        ...(accept === undefined ? {} : { accept }),
        ...(offset === 0 ? {} : { range: `bytes=${offset}-` }),
        ...(authorization === undefined || url.origin !== first.origin ? {} : { authorization }),
      },
      ...(proxy === undefined ? {} : { proxy }),
    });
    if (![301, 302, 303, 307, 308].includes(response.status)) return response;
    await response.body?.cancel();
    const verdict =
      hops === MAX_REDIRECTS
        ? ({ is: "refused", why: "there are too many" } as const)
        : decideRedirect(url, response.headers.get("location"));
    if (verdict.is === "refused") {
      throw new BangerError(
        "refused",
        "redirect_refused",
        `cannot fetch ${shownUrl(first.href)}: a redirect of ${url.host} was not followed: ${verdict.why}`,
        {
          hint: advice,
        },
      );
    }
    url = verdict.url;
  }
}

export function answerOf(response: Response, asked: number, watchdog: Watchdog, signal: AbortSignal, advice: string): Answer {
  const { status } = response;
  if (status === 416 && asked > 0 && response.headers.get("content-range") === `bytes */${asked}`) {
    // All of it is here: whoever fetched it was cut off before it got its name.
    void response.body?.cancel();
    watchdog.close();
    return { offset: asked, bytes: 0, body: nothing() };
  }
  if (status !== 200 && !(status === 206 && asked > 0)) {
    const code = isTransient(status) ? "mirror_unreachable" : "mirror_lacks_file";
    throw new BangerError(
      "unavailable",
      code,
      `cannot fetch ${shownUrl(response.url)}: the mirror answered ${status} ${response.statusText}`.trimEnd(),
      {
        hint: hintOf(advice),
        data: { status },
      },
    );
  }
  const offset = status === 206 ? rangeStart(response) : 0;
  if (offset !== 0 && offset !== asked) {
    throw new BangerError(
      "unavailable",
      "mirror_unreachable",
      `cannot fetch ${shownUrl(response.url)}: the mirror sent another part than was asked for`,
    );
  }
  const length = response.headers.get("content-length");
  const bytes = length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
  return { offset, bytes, body: bodyOf(response, watchdog, signal, advice) };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function rangeStart(response: Response): number {
  return Number(/^bytes (\d{1,15})-/.exec(response.headers.get("content-range") ?? "")?.[1] ?? Number.NaN);
}

async function* bodyOf(response: Response, watchdog: Watchdog, signal: AbortSignal, advice: string): AsyncGenerator<Uint8Array> {
  try {
    if (response.body === null) return;
    for await (const part of response.body as AsyncIterable<Uint8Array>) {
      watchdog.feed(part.length);
      yield part;
    }
  } catch (error) {
    throw faultOf(error, response.url, signal, advice);
  } finally {
    watchdog.close();
  }
}

function hintOf(advice: string): string {
  return `check the network and the proxy, or ${advice}`;
}

export function faultOf(error: unknown, url: string, signal: AbortSignal, advice: string): Error {
  if (error instanceof BangerError) return error;
  if (signal.aborted) return new BangerError("cancelled", "cancelled", "the download was cancelled", { cause: signal.reason });
  const untrusted = certificateFault(error, new URL(url).host);
  if (untrusted !== undefined) return untrusted;
  const why = error instanceof Error ? error.message : String(error);
  return new BangerError("unavailable", "mirror_unreachable", `cannot fetch ${shownUrl(url)}: ${why}`, {
    cause: error,
    hint: hintOf(advice),
  });
}
