import { escapeText } from "../../contract/escape-text.ts";
import { jsonLine } from "../../contract/json-line.ts";
import type { Run } from "../command.ts";
import { warn } from "../exec-in-vm.ts";
import { openDaemon } from "../open-daemon.ts";
import { print } from "../print.ts";
import { sshOptions } from "../ssh/options.ts";
import { UsageError } from "../usage-error.ts";

/** `banger ssh-config` */
export const sshConfig: Run = async ({ given, json }, environment) => {
  if (given["print"] === true && given["remove"] === true) throw new UsageError("--print and --remove exclude each other");
  const say = (text: string, document: unknown): number => {
    print(environment.stdout.descriptor, json ? jsonLine(document) : text);
    return 0;
  };
  if (given["remove"] === true) {
    const removed = await (await environment.openLocalWork()).removeSshConfig();
    const { userPath, isChanged } = removed;
    return say(isChanged ? `removed the line from ${escapeText(userPath)}\n` : `${escapeText(userPath)} has no line of ours\n`, removed);
  }
  const options = sshOptions(await openDaemon(environment).call("ssh.places", {}), environment, { withHome: true, isReady: false });
  const text = ["# Written by banger ssh-config.", "Host *.banger", ...options.map(([name, value]) => `  ${name} ${value}`), ""].join("\n");
  if (given["print"] === true) return say(text, { text });
  const written = await (await environment.openLocalWork()).writeSshConfig(text);
  const { path, userPath, isChanged, isRead } = written;
  if (!isRead) warn(environment, `ssh does not read ${escapeText(userPath)}: the home of this user is another one`);
  const first = isChanged ? `${escapeText(userPath)} now includes ${escapeText(path)}` : `wrote ${escapeText(path)} anew`;
  return say(`${first}\nssh dev.banger, scp and git reach a vm that is called dev; banger ssh-config --remove undoes it\n`, written);
};
