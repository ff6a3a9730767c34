import { nameOfHost } from "../../contract/ssh-host.ts";
import type { Run } from "../command.ts";
import { joinStdio } from "../join-stdio.ts";
import { openDaemon } from "../open-daemon.ts";
import { runSsh } from "../ssh/run-ssh.ts";
import { sshOptions } from "../ssh/options.ts";
import { UsageError } from "../usage-error.ts";

/** `banger ssh` */
export const ssh: Run = async ({ given, rest, json }, environment) => {
  const vm = nameOfHost(String(given["vm"]));
  if (json) throw new UsageError("a session over SSH has no --json", `banger exec ${vm} --json -- COMMAND`);
  const client = openDaemon(environment);
  // Here it tells why it cannot be, before ssh could, and the proxy need not do it again.
  const { host } = await client.call("ssh.prepare", { vm });
  const options = sshOptions(await client.call("ssh.places", {}), environment, { withHome: false, isReady: true });
  const user = given["user"] as string | undefined;
  const words = [
    ...options.flatMap(([name, value]) => (name === "User" && user !== undefined ? [] : ["-o", `${name}=${value}`])),
    ...(user === undefined ? [] : ["-l", user]),
    ...(given["forwardAgent"] === true ? ["-A"] : []),
    ...(given["tty"] === true ? ["-t"] : []),
    host,
    ...rest,
  ];
  return await runSsh(words, environment.variables);
};

/** `banger internal ssh-proxy`, which ssh runs. */
export const sshProxy: Run = async ({ given }, environment) => {
  const client = openDaemon(environment);
  const vm = nameOfHost(String(given["vm"]));
  if (given["ready"] !== true) await client.call("ssh.prepare", { vm });
  await joinStdio(await client.openSsh(vm), environment);
  return 0;
};
