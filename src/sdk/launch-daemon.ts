import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { BangerError, fromErrorShape } from "../contract/errors.ts";
import { ANOTHER_HOME, whyNoFolder } from "../contract/folder-trouble.ts";
import { READY_DESCRIPTOR, type Readiness } from "../contract/readiness.ts";
import { waitForDaemon } from "./wait-for-daemon.ts";

export interface LaunchOptions {
  /** The program that runs the daemon in the foreground, and its arguments. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gets what the daemon logs, appended. */
  readonly logPath: string;
  /** Where a daemon that listens says so; see `contract/daemon-note.ts`. */
  readonly notePath: string;
}

/** Of what a daemon said last. */
const MOST_WORDS = 500;

/**
 * The runtime looks each second whether there is garbage, which wakes three threads of a daemon that does nothing; it collects without
 * being asked when memory is wanted.
 */
const QUIET = { BUN_GC_TIMER_INTERVAL: "10000" };

/**
 * Starts a daemon that outlives us, and waits until it listens. When another one is just starting, waits for that one, and is false. Throws why it
 * could not start.
 */
export async function launchDaemon({ argv, environment, logPath, notePath }: LaunchOptions): Promise<boolean> {
  const log = openLog(logPath);
  const before = fstatSync(log).size;
  const [program = "", ...rest] = argv;
  const child = spawn(program, rest, { cwd: "/", detached: true, env: { ...QUIET, ...environment }, stdio: ["ignore", log, log, "pipe"] });
  closeSync(log);
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  failed.catch(() => undefined);
  const pipe = child.stdio[READY_DESCRIPTOR] as Readable;
  const readiness = await Promise.race([readReadiness(pipe), failed]).catch((error: unknown) => {
    throw new BangerError("unavailable", "daemon_did_not_start", `cannot start the banger daemon: ${program}: ${String(error)}`, {
      cause: error,
    });
  });
  pipe.destroy();
  if (readiness === undefined) throw diedSilently(logPath, before, await endOf(child));
  child.unref();
  if (readiness.ready) return true;
  if (readiness.error.code !== "daemon_running") throw fromErrorShape(readiness.error);
  await waitForDaemon(notePath);
  return false;
}

/** Opens the log, in the folder that is made for it: where anything can be wrong with BANGER_HOME, it is met here. */
function openLog(logPath: string): number {
  const folder = dirname(logPath);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return openSync(logPath, "a", 0o600);
  } catch (error) {
    const why = whyNoFolder(error);
    if (why === undefined) throw error;
    throw new BangerError("refused", "folder_unusable", `cannot use the folder ${folder}: it ${why}`, { hint: ANOTHER_HOME, cause: error });
  }
}

/** The daemon's line; undefined when it ended without one. */
async function readReadiness(pipe: Readable): Promise<Readiness | undefined> {
  let text = "";
  for await (const chunk of pipe) {
    text += String(chunk);
    if (text.includes("\n")) return JSON.parse(text) as Readiness;
  }
  return undefined;
}

/** By what it wrote into the log since it was started, and how it ended. */
function diedSilently(logPath: string, from: number, how: string): BangerError {
  const lines = readFileSync(logPath).subarray(from).toString("utf8").trim().split("\n");
  const said = whyOf(lines.at(-1) ?? "").slice(0, MOST_WORDS);
  const message = `cannot start the banger daemon: it ended before it listened, ${how}${said === "" ? "" : `: ${said}`}`;
  return new BangerError("unavailable", "daemon_did_not_start", message, { hint: "banger daemon logs" });
}

/** What a line of the log says for people; a line of something else as it is. */
function whyOf(line: string): string {
  try {
    const { message, error } = JSON.parse(line) as { readonly message?: unknown; readonly error?: { readonly message?: unknown } };
    return [message, error?.message].filter((part) => typeof part === "string").join(": ");
  } catch {
    return line;
  }
}

async function endOf(child: ChildProcess): Promise<string> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.signalCode === null ? `with code ${child.exitCode}` : `by ${child.signalCode}`;
}
