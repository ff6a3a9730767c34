/** Who we are to a registry, by what the user keeps: the environment, docker's config, podman's. It is looked up when a registry asks. */
import { z } from "zod";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { onFile } from "../signing/document-files.ts";
import { findKeptLogin, type KeptLogin } from "./docker-config.ts";
import type { Login } from "./login.ts";

export interface Logins {
  /**
   * Undefined when none is kept for that very host.
   * @param isTyped whether the user named the host: a login in the environment is for that one, not for a mirror of it.
   * Throws `refused` `bad_credentials_file`, `login_unusable`.
   */
  find(host: string, repository: string, isTyped: boolean, signal: AbortSignal): Promise<Login | undefined>;
}

type Variables = Readonly<Record<string, string | undefined>>;

const FILE_MAX_BYTES = 2 ** 20;
const HELPER_MS = 10_000;
const HELPER_MAX_BYTES = 64 * 1024;
/** What keepers of passwords need to know of the session; nothing else of the environment is passed on. */
const HELPER_VARIABLES = ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY", "GNUPGHOME", "PASSWORD_STORE_DIR"];
const helperAnswer = z.object({ Username: z.string().max(1024), Secret: z.string().max(HELPER_MAX_BYTES) });

/** @param variables the environment of the user. */
export function makeLogins(system: System, variables: Variables): Logins {
  return {
    find: async (host, repository, isTyped, signal) => {
      const [user, password] = [variables["BANGER_REGISTRY_USER"], variables["BANGER_REGISTRY_PASSWORD"]];
      if (isTyped && user !== undefined && user !== "" && password !== undefined && password !== "") return { user, password };
      for (const path of filesOf(variables)) {
        const kept = await readKept(system, path, host, repository);
        if (kept === undefined) continue;
        const login = await loginOf(system, kept, host, variables, signal);
        if (login !== undefined) return login;
      }
      return undefined;
    },
  };
}

/** In the order in which they are asked. */
function filesOf(variables: Variables): readonly string[] {
  const below = (name: string, rest: string): string | undefined => {
    const folder = variables[name];
    return folder === undefined || !folder.startsWith("/") ? undefined : `${folder}${rest}`;
  };
  const paths = [
    below("DOCKER_CONFIG", "/config.json") ?? below("HOME", "/.docker/config.json"),
    below("REGISTRY_AUTH_FILE", ""),
    below("XDG_RUNTIME_DIR", "/containers/auth.json"),
    below("XDG_CONFIG_HOME", "/containers/auth.json") ?? below("HOME", "/.config/containers/auth.json"),
  ];
  return [...new Set(paths.filter((path) => path !== undefined))];
}

async function readKept({ files }: System, path: string, host: string, repository: string): Promise<KeptLogin | undefined> {
  const info = await onFile("read", path, () => files.find(path));
  if (info === undefined) return undefined;
  if (info.kind !== "file" && info.kind !== "link") throw unusableFile(path, "it is no file");
  const text = await onFile("read", path, () => files.readText(path, FILE_MAX_BYTES));
  try {
    return findKeptLogin(text, host, repository);
  } catch {
    // What it says instead may have a password in it.
    throw unusableFile(path, "it is not what docker or podman writes");
  }
}

async function loginOf(
  system: System,
  kept: KeptLogin,
  host: string,
  variables: Variables,
  signal: AbortSignal,
): Promise<Login | undefined> {
  if (kept.kind === "login") return kept.login;
  if (kept.kind === "identity-token") throw identityToken(host);
  const program = `docker-credential-${kept.name}`;
  if (system.processes.which(program) === undefined) {
    // Docker's config often outlives what it names; most images want no login.
    system.log.warn("a helper for logins is not installed", { program });
    return undefined;
  }
  const env = Object.fromEntries(HELPER_VARIABLES.flatMap((name) => (variables[name] === undefined ? [] : [[name, variables[name]]])));
  const { code, stdout } = await system.processes.run([program, "get"], {
    input: kept.server,
    env,
    timeoutMs: HELPER_MS,
    graceMs: 1000,
    signal,
    maxOutputBytes: HELPER_MAX_BYTES,
  });
  if (code !== 0) {
    if (/credentials not found/i.test(stdout)) return undefined;
    throw unusableLogin(host, `${program} did not give it`, `echo ${kept.server} | ${program} get`);
  }
  const answer = parseAnswer(stdout);
  if (answer === undefined) throw unusableLogin(host, `${program} said something else`, `echo ${kept.server} | ${program} get`);
  if (answer.Username === "<token>") throw identityToken(host);
  return answer.Username === "" ? undefined : { user: answer.Username, password: answer.Secret };
}

function parseAnswer(text: string): z.output<typeof helperAnswer> | undefined {
  try {
    return helperAnswer.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function identityToken(host: string): BangerError {
  return unusableLogin(
    host,
    "it is an identity token, and banger takes a user and a password",
    `docker login ${host} with an access token as the password`,
  );
}

function unusableLogin(host: string, why: string, hint: string): BangerError {
  return new BangerError("refused", "login_unusable", `cannot use the login that is kept for ${host}: ${why}`, { hint });
}

function unusableFile(path: string, why: string): BangerError {
  return new BangerError("refused", "bad_credentials_file", `cannot take credentials from ${path}: ${why}`, {
    hint: "docker login, or BANGER_REGISTRY_USER and BANGER_REGISTRY_PASSWORD in the environment",
  });
}
