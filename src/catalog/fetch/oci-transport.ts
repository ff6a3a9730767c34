/**
 * Files that are layers of an artifact in a registry: `oci://HOST/REPOSITORY@sha256:DIGEST`. Asked for without a login: what a catalog offers
 * is for everybody. Many registries want a token all the same, which they give to anybody.
 */
import { BangerError } from "../../contract/errors.ts";
import type { Clock } from "../../system/system.ts";
import type { ProxyEnvironment } from "../catalog.ts";
import { parseChallenge } from "../oci/challenge.ts";
import { isOwnHost, parseOciReference } from "../oci/oci-reference.ts";
import { makeAsk } from "../oci/make-ask.ts";
import { authorize, statusOfTrouble } from "../oci/registry-token.ts";
import { answerOf, faultOf, request } from "./http-transport.ts";
import type { Transport } from "./transport.ts";
import { openWatchdog } from "./watchdog.ts";

/** As `makeHttpTransport`. */
export function makeOciTransport(clock: Clock, proxies: ProxyEnvironment, stallMs: number, advice: string): Transport {
  return {
    advice,
    open: async (url, offset, signal) => {
      const { host, repository, digest } = parseOciReference(url);
      if (digest === undefined) throw new BangerError("invalid", "bad_registry_address", `cannot fetch ${url}: it names no digest`);
      const watchdog = openWatchdog(clock, stallMs, signal);
      const ask = makeAsk(proxies, watchdog.signal, advice);
      const get = async (base: string): Promise<Response> => {
        const address = new URL(`${base}/v2/${repository}/blobs/${digest}`);
        const first = await request(address, offset, proxies, watchdog.signal, advice);
        const challenge = first.status === 401 ? parseChallenge(first.headers.get("www-authenticate")) : undefined;
        if (challenge?.scheme !== "bearer") return first;
        await first.body?.cancel();
        // Once: who is not content with the token that they gave themselves will not be with a second one.
        const authorization = await authorize(address, challenge, undefined, `repository:${repository}:pull`, ask);
        return request(address, offset, proxies, watchdog.signal, advice, { authorization });
      };
      try {
        return answerOf(await withOwnHost(host, get), offset, watchdog, signal, advice);
      } catch (error) {
        watchdog.close();
        if (error instanceof BangerError && error.code === "registry_denied") throw withoutLogin(error);
        throw faultOf(error, url, signal, advice);
      }
    },
  };
}

/** Whatever it wanted to see, we have nothing to show; but a service of tokens that is in trouble may be better soon. */
function withoutLogin(error: BangerError): BangerError {
  const trouble = statusOfTrouble(error);
  const code = trouble === undefined ? "mirror_lacks_file" : "mirror_unreachable";
  return new BangerError("unavailable", code, error.message, { cause: error, data: { status: trouble ?? 401 } });
}

/** With encryption; a registry on this computer may do without, as with docker. */
export async function withOwnHost<T>(host: string, body: (base: string) => Promise<T>): Promise<T> {
  try {
    return await body(`https://${host}`);
  } catch (error) {
    if (!isOwnHost(host) || error instanceof BangerError || !isNoTls(error)) throw error;
    return body(`http://${host}`);
  }
}

/** What answers there speaks no TLS; one with a certificate that is not believed does. */
export function isNoTls(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return !/CERT|SELF_SIGNED|UNABLE_TO/.test(code);
}
