/** Requests to one repository of a registry, with what it wants to be shown. */
import { BangerError } from "../../contract/errors.ts";
import { isNoTls } from "../fetch/oci-transport.ts";
import { parseChallenge } from "../oci/challenge.ts";
import type { Login } from "../oci/login.ts";
import { addressOf } from "../oci/image-reference.ts";
import { isOwnHost } from "../oci/oci-reference.ts";
import { authorize } from "../oci/registry-token.ts";
import type { Body, Reply, Sender, SendOptions, Wanted } from "./sender.ts";

export interface RegistryRequest extends SendOptions {
  readonly method: Wanted["method"];
  /** Below `/v2/REPOSITORY/`, or a whole address that the registry gave. */
  readonly to: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
}

export interface Registry {
  /** Throws `refused` `registry_denied` when our login is not taken, and what the sender throws. Other answers are returned. */
  send(request: RegistryRequest, signal: AbortSignal): Promise<Reply>;
}

export interface RegistryPlace {
  readonly host: string;
  readonly repository: string;
  /** Without encryption, because somebody allowed it by name. */
  readonly isPlain: boolean;
  readonly login: Login | undefined;
}

export async function openRegistry(
  sender: Sender,
  { host, repository, isPlain, login }: RegistryPlace,
  signal: AbortSignal,
): Promise<Registry> {
  const address = addressOf(host);
  const base = isPlain ? `http://${address}` : await findBase(sender, address, signal);
  let authorization: string | undefined;
  const send: Registry["send"] = async ({ method, to, headers = {}, body, ...options }, aborted) => {
    const url = new URL(to, `${base}/v2/${repository}/`);
    const isOurs = url.origin === new URL(base).origin;
    const make = (): Wanted => ({
      method,
      url,
      // Where the registry keeps its files may be another's: it gets the file, and nothing to log in with.
      headers: { ...headers, ...(authorization === undefined || !isOurs ? {} : { authorization }) },
      ...(body === undefined ? {} : { body }),
    });
    const first = await sender.send(make, aborted, options);
    if (first.status !== 401 || !isOurs) return first;
    const challenge = parseChallenge(first.headers.get("www-authenticate"));
    if (challenge === undefined) throw denied(host, "it wants to be shown something that banger does not know");
    const before = authorization;
    authorization = await authorize(url, challenge, login, `repository:${repository}:pull,push`, async (address, more) => {
      const reply = await sender.send(() => ({ method: "GET", url: address, headers: more }), aborted);
      return { status: reply.status, text: reply.text };
    });
    if (authorization === before) throw denied(host, "it does not take the user and the password");
    const second = await sender.send(make, aborted, options);
    if (second.status === 401) throw denied(host, "it does not take the user and the password");
    return second;
  };
  return { send };
}

/** A registry on this computer may do without encryption, as with docker. */
async function findBase(sender: Sender, host: string, signal: AbortSignal): Promise<string> {
  const base = `https://${host}`;
  if (!isOwnHost(host)) return base;
  try {
    await sender.send(() => ({ method: "GET", url: new URL(`${base}/v2/`), headers: {} }), signal, { isOnce: true });
    return base;
  } catch (error) {
    if (signal.aborted || !isNoTls(error instanceof BangerError ? error.cause : undefined)) throw error;
    return `http://${host}`;
  }
}

function denied(host: string, why: string): BangerError {
  return new BangerError("refused", "registry_denied", `cannot use the registry ${host}: ${why}`, {
    hint: "BANGER_REGISTRY_USER and BANGER_REGISTRY_PASSWORD in the environment, --credentials FILE, or docker login",
  });
}
