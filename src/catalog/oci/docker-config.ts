/** What `docker login` and `podman login` keep: logins, or which program knows them. */
import { z } from "zod";
import type { Login } from "./login.ts";

export type KeptLogin =
  | { readonly kind: "login"; readonly login: Login }
  /** A program `docker-credential-NAME` has it, for the server that it knows by this address. */
  | { readonly kind: "helper"; readonly name: string; readonly server: string }
  /** Good for asking for tokens in another way than by a password. */
  | { readonly kind: "identity-token" };

/** Of the file what is read; the rest is docker's own. */
const dockerConfig = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: z.string().nullish(),
        username: z.string().nullish(),
        password: z.string().nullish(),
        identitytoken: z.string().nullish(),
      }),
    )
    .nullish(),
  credsStore: z.string().nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
});

const HELPER_NAME = /^[a-z0-9-]{1,64}$/;

/**
 * What is kept for a repository. A login for a part of a registry, as podman keeps them, goes before one for all of it.
 * Throws `Error` on what is no such file, or names a helper that is none.
 */
export function findKeptLogin(text: string, host: string, repository: string): KeptLogin | undefined {
  const { auths, credsStore, credHelpers } = dockerConfig.parse(JSON.parse(text));
  const kept = new Map(Object.entries(auths ?? {}));
  const helpers = new Map(Object.entries(credHelpers ?? {}));
  const names = namesOf(host);
  const parts = repository.split("/");
  const wholes = parts.map((_, at) => `${host}/${parts.slice(0, parts.length - at).join("/")}`);
  const servers = [...wholes, ...names];
  const helped = servers.find((name) => helpers.has(name));
  if (helped !== undefined) return helperOf(helpers.get(helped) ?? "", helped);
  for (const name of servers) {
    const found = kept.get(name);
    const login = found === undefined ? undefined : loginOf(found);
    if (login !== undefined) return login;
  }
  // Docker notes with an empty login that the store has one.
  if (typeof credsStore === "string" && credsStore !== "")
    return helperOf(credsStore, names.find((name) => kept.has(name)) ?? names[0] ?? host);
  return undefined;
}

interface KeptEntry {
  readonly auth?: string | null | undefined;
  readonly username?: string | null | undefined;
  readonly password?: string | null | undefined;
  readonly identitytoken?: string | null | undefined;
}

function loginOf({ auth, username, password, identitytoken }: KeptEntry): KeptLogin | undefined {
  if (typeof identitytoken === "string" && identitytoken !== "") return { kind: "identity-token" };
  if (typeof username === "string" && typeof password === "string" && username !== "")
    return { kind: "login", login: { user: username, password } };
  const pair = Buffer.from(auth ?? "", "base64").toString();
  const colon = pair.indexOf(":");
  return colon < 1 ? undefined : { kind: "login", login: { user: pair.slice(0, colon), password: pair.slice(colon + 1) } };
}

function helperOf(name: string, server: string): KeptLogin {
  if (!HELPER_NAME.test(name)) throw new Error("it names a helper that is none");
  return { kind: "helper", name, server };
}

/** What docker calls a host. Its own registry it calls by an address of long ago. */
function namesOf(host: string): readonly string[] {
  if (host === "docker.io") return ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io"];
  return [host, `https://${host}`, `https://${host}/v1/`, `https://${host}/v2/`];
}
