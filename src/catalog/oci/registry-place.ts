/** One host that a registry's content can be had from, and what it wants to be shown for one repository. Tokens are kept here alone. */
import { BangerError } from "../../contract/errors.ts";
import type { ProxyEnvironment } from "../catalog.ts";
import { request } from "../fetch/http-transport.ts";
import { withOwnHost } from "../fetch/oci-transport.ts";
import { parseChallenge } from "./challenge.ts";
import { addressOf } from "./image-reference.ts";
import type { Login } from "./login.ts";
import { makeAsk } from "./make-ask.ts";
import { authorize, statusOfTrouble } from "./registry-token.ts";

export interface RegistryPlace {
  readonly host: string;
  /** The answer, whatever it is, to a request below `/v2/REPOSITORY/`. Throws `refused` `registry_denied`, and the fetch's own faults. */
  get(wanted: PlaceRequest): Promise<Response>;
}

export interface PlaceRequest {
  readonly path: string;
  readonly offset: number;
  readonly accept: string | undefined;
  /** Of the transfer: aborted when nothing comes for too long. */
  readonly signal: AbortSignal;
  /** Of whoever wants it: what keeps a login may ask somebody, and has a limit of its own. */
  readonly outer: AbortSignal;
}

export interface PlaceParts {
  readonly host: string;
  readonly repository: string;
  readonly isPlain: boolean;
  readonly proxies: ProxyEnvironment;
  readonly advice: string;
  /** Asked once, when the registry asks. */
  readonly findLogin: (signal: AbortSignal) => Promise<Login | undefined>;
}

export function openPlace({ host, repository, isPlain, proxies, advice, findLogin }: PlaceParts): RegistryPlace {
  const address = addressOf(host);
  let base = isPlain ? `http://${address}` : undefined;
  let authorization: string | undefined;
  const exchange = async (url: URL, { offset, accept, signal, outer }: PlaceRequest): Promise<Response> => {
    const ask = makeAsk(proxies, signal, advice);
    const send = (): Promise<Response> => request(url, offset, proxies, signal, advice, { authorization, accept });
    const shown = authorization;
    const first = await send();
    if (!isOwnAnswer(first, url)) return first;
    await first.body?.cancel();
    // Another layer's download may have got a new one meanwhile.
    if (authorization !== shown) {
      const again = await send();
      if (!isOwnAnswer(again, url)) return again;
      await again.body?.cancel();
    }
    const challenge = parseChallenge(first.headers.get("www-authenticate"));
    if (challenge === undefined) throw denied(host, repository, "it wants to be shown something that banger does not know");
    authorization = await authorize(url, challenge, await findLogin(outer), `repository:${repository}:pull`, ask);
    const second = await send();
    // Once: who is not content with the token that they gave themselves will not be with another.
    if (isOwnAnswer(second, url)) throw denied(host, repository, "it does not show this to us; perhaps there is none of that name");
    return second;
  };
  return {
    host,
    get: async (wanted) => {
      const from = async (place: string): Promise<Response> => {
        const response = await exchange(new URL(`${place}/v2/${repository}/${wanted.path}`), wanted);
        base = place;
        return response;
      };
      try {
        const response = base === undefined ? await withOwnHost(address, from) : await from(base);
        if (response.status !== 403) return response;
        await response.body?.cancel();
      } catch (error) {
        if (error instanceof BangerError && error.code === "registry_denied") throw withOwnHint(error, host);
        throw error;
      }
      throw denied(host, repository, "it does not let us");
    },
  };
}

/** A wish for a login that comes from where a registry keeps its files is none of the registry's. */
function isOwnAnswer(response: Response, asked: URL): boolean {
  return response.status === 401 && new URL(response.url).origin === asked.origin;
}

function denied(host: string, repository: string, why: string): BangerError {
  return new BangerError("refused", "registry_denied", `cannot pull ${host}/${repository}: ${why}`, { hint: hintFor(host) });
}

/** Where tokens come from may be in trouble, which may be over soon. */
function withOwnHint(error: BangerError, host: string): BangerError {
  const status = statusOfTrouble(error);
  if (status !== undefined) return new BangerError("unavailable", "mirror_unreachable", error.message, { cause: error, data: { status } });
  return new BangerError(error.kind, error.code, error.message, { hint: hintFor(host), cause: error });
}

function hintFor(host: string): string {
  return `look at the name; or docker login ${host}, or BANGER_REGISTRY_USER and BANGER_REGISTRY_PASSWORD in the environment of the daemon`;
}
