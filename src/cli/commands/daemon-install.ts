import { EXIT } from "../../contract/errors.ts";
import type { InstalledUnits, UnitScope } from "../../contract/local-work.ts";
import type { Invocation, Run } from "../command.ts";
import type { Environment } from "../environment.ts";
import { escapeLines, escapeText } from "../../contract/escape-text.ts";
import { print } from "../print.ts";
import { jsonLine } from "../../contract/json-line.ts";
import { stopDaemon } from "../stop-daemon.ts";

/** `banger daemon install` and `banger daemon uninstall` */
export const daemonInstall: Run = async (invocation, environment) => {
  const scope: UnitScope = invocation.given["system"] === true ? "system" : "user";
  const work = await environment.openLocalWork();
  if (invocation.command.words[1] === "uninstall") {
    const paths = await work.uninstallUnits(scope);
    const text = paths.length === 0 ? "no units are installed\n" : `removed ${paths.map(escapeText).join(" and ")}; vms run on\n`;
    return say(text, { removed: paths }, invocation, environment);
  }
  if (invocation.given["print"] === true) {
    const units = work.listUnits(scope);
    return say(units.map(({ path, text }) => `# ${escapeText(path)}\n${escapeLines(text)}`).join("\n"), { units }, invocation, environment);
  }
  // One that we started would keep the lock, and systemd's could not start.
  await stopDaemon(environment);
  const installed = await work.installUnits(scope);
  return say(textOf(installed, scope), installed, invocation, environment);
};

function textOf({ paths, linger, user }: InstalledUnits, scope: UnitScope): string {
  const lines = [
    `installed ${paths.map(escapeText).join(" and ")}`,
    "systemd listens for the daemon now, and starts it when somebody connects; banger daemon uninstall undoes it",
  ];
  if (scope === "system") {
    lines.push(
      "this daemon is root's: who may connect to its socket is root on this computer, and it answers no other user",
      "to use it, as root: BANGER_HOME=/var/lib/banger banger ps",
    );
  } else if (linger === true) lines.push("you linger: vms run on when you log out");
  else {
    lines.push("when you log out, systemd ends all that is yours, vms too. To have them run on, linger:");
    lines.push(`  sudo loginctl enable-linger${user === null ? "" : ` ${escapeText(user)}`}`);
  }
  return `${lines.join("\n")}\n`;
}

function say(text: string, document: unknown, { json }: Invocation, { stdout }: Environment): number {
  print(stdout.descriptor, json ? jsonLine(document) : text);
  return EXIT.done;
}
