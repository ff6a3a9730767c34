/** What OpenSSH's client is told of vms, on its command line or in its configuration. */
import type { Output } from "../../sdk/sdk.ts";
import type { Environment } from "../environment.ts";
import { quote } from "../shell-word.ts";

/** What tells a daemon from others of the same user. */
const HOME_VARIABLES = ["BANGER_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"] as const;

export interface ProxyOptions {
  /** The proxy has to be told where the daemon is: by itself it is told by the environment. */
  readonly withHome: boolean;
  /** The vm was made ready a moment ago. */
  readonly isReady: boolean;
}

/** Options by name, as `ssh_config` has them, of every `NAME.banger`. */
export function sshOptions(
  { identityFile, knownHostsFile }: Output<"ssh.places">,
  { self, variables }: Pick<Environment, "self" | "variables">,
  { withHome, isReady }: ProxyOptions,
): readonly (readonly [name: string, value: string])[] {
  const home = withHome ? HOME_VARIABLES.flatMap((name) => (variables[name] === undefined ? [] : [`${name}=${variables[name]}`])) : [];
  const words = [...(home.length === 0 ? [] : ["env", ...home]), ...self, "internal", "ssh-proxy", ...(isReady ? ["--ready"] : [])];
  return [
    ["User", "root"],
    // A shell gets it, and a % is OpenSSH's own.
    ["ProxyCommand", `${words.map((word) => quote(word).replaceAll("%", "%%")).join(" ")} %n`],
    ["IdentityFile", fileName(identityFile)],
    ["IdentitiesOnly", "yes"],
    // The proxy has written down what the guest is known by before anything of the guest is heard.
    ["UserKnownHostsFile", fileName(knownHostsFile)],
    ["GlobalKnownHostsFile", "/dev/null"],
    ["StrictHostKeyChecking", "yes"],
    ["UpdateHostKeys", "no"],
    ["CheckHostIP", "no"],
  ];
}

function fileName(path: string): string {
  return `"${path.replaceAll("%", "%%")}"`;
}
