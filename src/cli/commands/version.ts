import { BangerError, EXIT } from "../../contract/errors.ts";
import { VERSION } from "../../contract/version.ts";
import { isDaemonUp } from "../../sdk/is-daemon-up.ts";
import { openClient } from "../../sdk/open-client.ts";
import type { Run } from "../command.ts";
import { daemonPlace } from "../daemon-place.ts";
import type { Environment } from "../environment.ts";
import { escapeText } from "../../contract/escape-text.ts";
import { formatAge } from "../format.ts";
import { print } from "../print.ts";
import { printJson } from "../print-json.ts";

interface Versions {
  readonly agent: string;
  readonly drivers: readonly {
    readonly name: string;
    readonly version: string | null;
    readonly acceleration: string;
    readonly reason: string;
  }[];
  readonly vms: readonly { readonly name: string; readonly agent: string | null }[];
}

interface Daemon {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: number;
}

/** `banger version`: starts no daemon. */
export const version: Run = async ({ given, json }, environment) => {
  const say = (text: string, document: unknown): number => {
    if (json) printJson(environment.stdout.descriptor, document);
    else print(environment.stdout.descriptor, text);
    return EXIT.done;
  };
  if (given["all"] !== true) return say(`banger ${VERSION}\n`, { version: VERSION });
  const { daemon, versions } = await findVersions(environment);
  return say(textOf(daemon, versions), { version: VERSION, daemon: daemon ?? null, ...versions });
};

/** What a daemon of our version works with, or what one that we started would. */
async function findVersions(environment: Environment): Promise<{ readonly daemon: Daemon | undefined; readonly versions: Versions }> {
  const client = openClient(daemonPlace(environment));
  const daemon = isDaemonUp(daemonPlace(environment).notePath) ? await orNothing(client.call("daemon.version", {})) : undefined;
  const told = daemon?.version === VERSION ? await orNothing(client.call("system.version", {})) : undefined;
  if (told !== undefined) return { daemon, versions: told };
  const work = await environment.openLocalWork();
  return { daemon, versions: { ...(await work.findVersions()), vms: [] } };
}

async function orNothing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof BangerError && error.kind === "unavailable") return undefined;
    throw error;
  }
}

function textOf(daemon: Daemon | undefined, { agent, drivers, vms }: Versions): string {
  const rows: (readonly [string, string])[] = [
    ["banger", VERSION],
    ["daemon", daemon === undefined ? "none runs" : daemonText(daemon)],
    ["agent", agent],
    ...drivers.map((driver): [string, string] => [
      driver.name,
      driver.version === null ? `cannot be used: ${driver.reason}` : `${driver.version}, ${driver.acceleration}: ${driver.reason}`,
    ]),
    ...vms.map(({ name, agent: theirs }): [string, string] => [`vm ${name}`, vmText(theirs, agent)]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)} ${escapeText(text)}\n`).join("");
}

function daemonText({ version: theirs, pid, startedAt }: Daemon): string {
  const other = theirs === VERSION ? "" : "; banger daemon stop, and the next command starts the new one";
  return `${theirs} (pid ${pid}, since ${formatAge(startedAt)}${other})`;
}

function vmText(theirs: string | null, ours: string): string {
  if (theirs === null) return "its agent does not answer";
  return theirs === ours ? `agent ${theirs}` : `agent ${theirs}; a stop and a start give it ${ours}`;
}
