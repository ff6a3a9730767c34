/** A token for a registry, from the service that its challenge names. */
import { z } from "zod";
import { BangerError } from "../../contract/errors.ts";
import { decideRedirect } from "../fetch/redirect.ts";
import type { Login } from "./login.ts";
import type { Challenge } from "./challenge.ts";
import { isOwnHost } from "./oci-reference.ts";

/** Asks for an address, at most so much of whose answer is read. */
export type Ask = (url: URL, headers: Readonly<Record<string, string>>) => Promise<{ readonly status: number; readonly text: string }>;

/** RFC 6750: what may stand behind `Bearer`. */
const word = z.string().regex(/^[A-Za-z0-9._~+/=-]{1,16384}$/);
/** Services say more, which is not needed. */
const answer = z.object({ token: word.optional(), access_token: word.optional() });

/**
 * The header that answers a challenge. A challenge is a stranger's word: the service that it names is asked only where a redirect might
 * lead too, and gets the login only where nobody can listen.
 * @param asked what was asked for when the challenge came. @param scope what is needed, when the challenge does not say.
 */
export async function authorize(asked: URL, challenge: Challenge, login: Login | undefined, scope: string, ask: Ask): Promise<string> {
  if (challenge.scheme === "basic") {
    if (login === undefined) throw denied(asked, "it wants a user and a password");
    if (!isSafe(asked)) throw denied(asked, "it wants a password, and the way to it is not encrypted");
    return basicOf(login);
  }
  const verdict = decideRedirect(asked, challenge.realm);
  if (verdict.is === "refused")
    throw denied(asked, `its tokens are to come from ${JSON.stringify(challenge.realm.slice(0, 200))}: ${verdict.why}`);
  const { url } = verdict;
  if (login !== undefined && !isSafe(url)) throw denied(asked, `its tokens come from ${url.host}, and the way there is not encrypted`);
  if (challenge.service !== undefined) url.searchParams.set("service", challenge.service);
  url.searchParams.set("scope", challenge.scope ?? scope);
  const { status, text } = await ask(url, login === undefined ? {} : { authorization: basicOf(login) });
  if (status !== 200) throw denied(asked, `${url.host}, where its tokens come from, answered ${status}`, status);
  const token = parseToken(text);
  if (token === undefined) throw denied(asked, `${url.host}, where its tokens come from, gave none`);
  return `Bearer ${token}`;
}

/** The status by which a service of tokens said that it is in trouble, which may be over soon; of what `authorize` throws. */
export function statusOfTrouble(error: BangerError): number | undefined {
  const status = error.data?.["status"];
  return typeof status === "number" && (status >= 500 || status === 429) ? status : undefined;
}

function parseToken(text: string): string | undefined {
  try {
    const { token, access_token: other } = answer.parse(JSON.parse(text));
    return token ?? other;
  } catch {
    return undefined;
  }
}

function basicOf({ user, password }: Login): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

function isSafe(url: URL): boolean {
  return url.protocol === "https:" || isOwnHost(url.host);
}

function denied(asked: URL, why: string, status?: number): BangerError {
  return new BangerError("refused", "registry_denied", `cannot use the registry ${asked.host}: ${why}`, {
    hint: "BANGER_REGISTRY_USER and BANGER_REGISTRY_PASSWORD in the environment, or --credentials FILE",
    ...(status === undefined ? {} : { data: { status } }),
  });
}
