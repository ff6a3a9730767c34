/** Programs: run to the end, kept as children, or started to outlive us. */
import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, closeSync, constants, openSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { Readable } from "node:stream";
import { BangerError } from "../contract/errors.ts";
import { giveWay } from "./give-way.ts";
import { giveBackMemory } from "./own-memory.ts";
import { findListener } from "./find-listener.ts";
import { findByArgument, identify, isAlive, isStopped, signalProcess } from "./process-identity.ts";
import { networkCardsOf, networkNamespaceOf, usageOf } from "./process-usage.ts";
import { collectText, eachLine } from "./program-output.ts";
import type { Child, Clock, DetachedOptions, ProcessIdentity, Processes, RunOptions, RunResult } from "./system.ts";

const DEFAULT_GRACE_MS = 2000;
const DEFAULT_OUTPUT_BYTES = 1024 * 1024;
const STDERR_TAIL_BYTES = 64 * 1024;
/**
 * For a process that is not our child the kernel tells of its end only through poll(2), which would block us. Who is about to end is
 * looked at often; one that goes on, seldom, and all such at the same moments, so that many cost no more wake-ups than one.
 */
const FIRST_LOOK_MS = 8;
const LAST_LOOK_MS = 4096;
/** So an end is seen soon, measured by how long it took to come. */
const LOOKS_OF_A_KIND = 4;

type End = { readonly code: number | undefined; readonly signal: string | undefined };

/** @param environment where PATH, HOME and the like are taken from. */
export function makeProcesses(clock: Clock, environment: Readonly<Record<string, string | undefined>>): Processes {
  // Debian leaves the folders of mke2fs and the like out of an ordinary user's PATH.
  const searchPath = `${environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"}:/usr/local/sbin:/usr/sbin:/sbin`;
  const which = (program: string): string | undefined => findProgram(program, searchPath);
  const environmentOf = (added: RunOptions["env"]): Record<string, string> => ({
    PATH: searchPath,
    LANG: "C.UTF-8",
    ...(environment["HOME"] === undefined ? {} : { HOME: environment["HOME"] }),
    ...added,
  });

  const launch = (
    argv: readonly string[],
    options: { env?: RunOptions["env"]; cwd?: string | undefined },
    stdio: ("pipe" | "ignore" | number)[],
    detached: boolean,
  ): ChildProcess => {
    const [program = "", ...rest] = argv;
    const path = which(program);
    if (path === undefined) throw programMissing(program);
    return spawn(path, rest, {
      stdio,
      // A group of its own: the ladder reaches what the program started, and Ctrl-C on our terminal does not.
      detached,
      env: environmentOf(options.env),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
  };

  const start: Processes["start"] = async (argv, options) => {
    const child = launch(argv, options, ["pipe", "pipe", "pipe"], true);
    const ended = endOf(child);
    const ladder = new Ladder(child, options.graceMs ?? DEFAULT_GRACE_MS);
    const timer = setTimeout(() => void ladder.walk(), options.timeoutMs);
    const abort = (): void => void ladder.walk();
    options.signal?.addEventListener("abort", abort, { once: true });
    void ended.then(() => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
      ladder.stop();
    });
    await spawned(child, argv[0] ?? "");
    if (options.isPatient === true && child.pid !== undefined) giveWay(child.pid);
    if (options.signal?.aborted === true) abort();
    if (options.onStderrLine !== undefined && child.stderr !== null) eachLine(child.stderr, options.onStderrLine);
    return {
      identity: identifyChild(child, clock),
      stdout: child.stdout ?? Readable.from([]),
      stderr: child.stderr ?? Readable.from([]),
      stdin: child.stdin ?? failNoStdin(),
      ended,
      [Symbol.asyncDispose]: async () => {
        await ladder.walk();
        await ended;
      },
    } satisfies Child;
  };

  const run: Processes["run"] = async (argv, options) => {
    options.signal?.throwIfAborted();
    const started = clock.monotonicMs();
    await using child = await start(argv, options);
    const maxBytes = options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES;
    // A program may end without reading its input; that is its business.
    child.stdin.on("error", ignoreBrokenPipe);
    if (options.input instanceof Readable) options.input.pipe(child.stdin);
    else child.stdin.end(options.input);
    const stderr = collectText(child.stderr, STDERR_TAIL_BYTES, "tail");
    const stdout =
      options.stdout === undefined
        ? collectText(child.stdout, maxBytes, "all")
        : finished(child.stdout.pipe(options.stdout)).then(() => "");
    const [output, errors] = await Promise.all([stdout, stderr]);
    const end = await child.ended;
    if (options.signal?.aborted === true) {
      throw new BangerError("cancelled", "cancelled", `${argv[0] ?? ""} was cancelled`, { cause: options.signal.reason });
    }
    if (end.code === undefined && clock.monotonicMs() - started >= options.timeoutMs) {
      throw new BangerError("timeout", "program_timeout", `${argv[0] ?? ""} did not end within ${options.timeoutMs} ms`, {
        data: { stderr: errors },
      });
    }
    return { ...end, stdout: output, stderr: errors };
  };

  return {
    run,
    start,
    which,
    runOk: async (argv, options) => {
      const result = await run(argv, options);
      if (result.code !== 0) throw programFailed(argv, result);
      return result;
    },
    startDetached: async (argv, options) => startDetached(argv, options, launch, clock),
    identify: (pid) => identify(pid, clock),
    isAlive: (identity) => isAlive(identity, clock),
    isStopped: (identity) => isStopped(identity, clock),
    signal: (identity, signal) => signalProcess(identity, signal, clock),
    watchEnd: async (identity, signal) => {
      const startedMs = clock.monotonicMs();
      let everyMs = FIRST_LOOK_MS;
      while (mayBeAlive(identity, clock)) {
        await clock.sleep(Math.ceil(everyMs - (clock.monotonicMs() % everyMs)), signal);
        while (everyMs < LAST_LOOK_MS && clock.monotonicMs() - startedMs > everyMs * LOOKS_OF_A_KIND) everyMs *= 2;
      }
    },
    findByArgument: (marker) => findByArgument(marker, clock),
    findListener: (protocol, address, port) => findListener(protocol, address, port, clock),
    usage: (identity) => usageOf(identity, clock),
    giveBackMemory,
    networkCards: (identity) => networkCardsOf(identity, clock),
    networkNamespace: (identity) => networkNamespaceOf(identity, clock),
  };
}

/** Ask, give grace, force: once, whoever asks first. */
class Ladder {
  readonly #child: ChildProcess;
  readonly #graceMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(child: ChildProcess, graceMs: number) {
    this.#child = child;
    this.#graceMs = graceMs;
  }

  async walk(): Promise<void> {
    if (this.#isOver || this.#timer !== undefined) return;
    this.#signalGroup("SIGTERM");
    this.#timer = setTimeout(() => this.#signalGroup("SIGKILL"), this.#graceMs);
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #signalGroup(signal: "SIGTERM" | "SIGKILL"): void {
    const { pid } = this.#child;
    if (this.#isOver || pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      this.#child.kill(signal); // the group is not there yet, or no more
    }
  }
}

async function startDetached(
  argv: readonly string[],
  options: DetachedOptions,
  launch: (argv: readonly string[], options: DetachedOptions, stdio: ("ignore" | number)[], detached: boolean) => ChildProcess,
  clock: Clock,
): Promise<{ readonly identity: ProcessIdentity; readonly ended: Promise<End> }> {
  const log = openSync(options.logPath, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW, 0o600);
  try {
    const child = launch(argv, options, [options.stdin ?? "ignore", options.stdout ?? log, log, ...(options.descriptors ?? [])], true);
    const ended = endOf(child);
    await spawned(child, argv[0] ?? "");
    child.unref();
    return { identity: identifyChild(child, clock), ended };
  } finally {
    closeSync(log);
  }
}

/** Of a program just started. One that we could not find again is ended. */
function identifyChild(child: ChildProcess, clock: Clock): ProcessIdentity {
  const pid = child.pid ?? 0;
  try {
    return identify(pid, clock) ?? { pid, startTicks: 0, bootId: clock.bootId() };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

/** A look that fails, for want of memory or descriptors, is no end. */
function mayBeAlive(identity: ProcessIdentity, clock: Clock): boolean {
  try {
    return isAlive(identity, clock);
  } catch {
    return true;
  }
}

/** Resolves when the program runs. */
async function spawned(child: ChildProcess, program: string): Promise<void> {
  if (child.pid !== undefined) return;
  try {
    await once(child, "spawn");
  } catch (error) {
    throw new BangerError(
      "unavailable",
      "program_not_started",
      `cannot start ${program}: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}

function endOf(child: ChildProcess): Promise<End> {
  const { promise, resolve } = Promise.withResolvers<End>();
  child.once("close", (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
  child.once("error", () => resolve({ code: undefined, signal: undefined }));
  return promise;
}

function ignoreBrokenPipe(error: Error): void {
  if (!("code" in error) || error.code !== "EPIPE") throw error;
}

function failNoStdin(): never {
  throw new Error("a child without stdin");
}

function findProgram(program: string, searchPath: string): string | undefined {
  const candidates = program.includes("/") ? [program] : searchPath.split(":").map((folder) => join(folder, program));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function programMissing(program: string): BangerError {
  return new BangerError("unavailable", "program_missing", `cannot run ${program}: it is not installed`, {
    hint: `install the package that has ${program}`,
    data: { program },
  });
}

function programFailed(argv: readonly string[], result: RunResult): BangerError {
  const how = result.code === undefined ? `was ended by ${result.signal ?? "a signal"}` : `ended with code ${result.code}`;
  const words = result.stderr.trim().split("\n").slice(-5).join("\n");
  return new BangerError("unavailable", "program_failed", `${argv[0] ?? ""} ${how}${words === "" ? "" : `: ${words}`}`, {
    data: { argv, code: result.code, signal: result.signal },
  });
}
