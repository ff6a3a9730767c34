import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { BangerError, fromErrorShape } from "../contract/errors.ts";
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

/**
 * The runtime looks each second whether there is garbage, which wakes three threads of a daemon that does nothing; it collects without
 * being asked when memory is wanted.
 */
const QUIET = { BUN_GC_TIMER_INTERVAL: "10000" };

/** Starts a daemon that outlives us, and waits until it listens. When another one is just starting, waits for that one. Throws why it could not start. */
export async function launchDaemon({ argv, environment, logPath, notePath }: LaunchOptions): Promise<void> {
  mkdirSync(dirname(logPath), { recursive: true, mode: 0o700 });
  const log = openSync(logPath, "a", 0o600);
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
  child.unref();
  if (readiness === undefined) throw diedSilently(logPath);
  if (readiness.ready) return;
  if (readiness.error.code !== "daemon_running") throw fromErrorShape(readiness.error);
  await waitForDaemon(notePath);
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

function diedSilently(logPath: string): BangerError {
  const lastLine = readFileSync(logPath, "utf8").trimEnd().split("\n").at(-1) ?? "";
  return new BangerError(
    "unavailable",
    "daemon_did_not_start",
    `cannot start the banger daemon: it ended before it listened: ${lastLine.slice(0, 500)}`,
    {
      hint: `look at ${logPath}`,
    },
  );
}
