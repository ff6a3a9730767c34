import { constants } from "node:os";
import { BangerError } from "../contract/errors.ts";
import type { ExecExit, ExecSpec } from "../contract/frames.ts";
import type { Client, ExecSession } from "../sdk/sdk.ts";
import { captureOutput } from "./capture-output.ts";
import { copyOutput } from "./copy-output.ts";
import type { Environment, Terminal } from "./environment.ts";
import { codeOfSignal } from "./interrupted.ts";
import { inputFailure } from "./input-failure.ts";
import { openStdin } from "./open-stdin.ts";
import { print } from "./print.ts";
import { rendererFor } from "./renderers.ts";

export interface ExecWishes {
  /** Stdin is passed on. */
  readonly interactive: boolean;
  /** The command gets a terminal. */
  readonly tty: boolean;
  /** The output is wanted as one JSON document. */
  readonly json: boolean;
}

/** Signals that are passed on to the command, which is then the one to end; who sends one twice does not want to wait for that. */
const PASSED_ON = ["SIGINT", "SIGTERM", "SIGQUIT"] as const;

/**
 * Throws `refused` `not_a_terminal` when a terminal is wanted and there is none to give.
 * @param hint what to type instead.
 */
export function checkTerminal({ interactive, tty }: ExecWishes, { stdin, stdout }: Environment, hint = "leave out -t"): void {
  if (!tty) return;
  const [missing] = [interactive && !stdin.isTerminal ? "stdin" : undefined, stdout.isTerminal ? undefined : "stdout"].filter(
    (name) => name !== undefined,
  );
  if (missing === undefined) return;
  throw new BangerError("refused", "not_a_terminal", `cannot give the command a terminal: ${missing} is not one`, { hint });
}

/** Runs a command in a vm, joined to our stdin, stdout and stderr. Resolves with its exit code, 128+n for a signal. */
export async function execInVm(
  client: Client,
  vm: string,
  spec: Omit<ExecSpec, "tty">,
  wishes: ExecWishes,
  environment: Environment,
): Promise<number> {
  checkTerminal(wishes, environment);
  const terminal = wishes.tty ? { ...sizeOfTerminal(), term: environment.variables["TERM"] ?? "xterm" } : undefined;
  const isRaw = wishes.tty && wishes.interactive;
  // The C library is loaded for it, and only for it, while the command starts.
  const loading = isRaw ? import("./open-raw-terminal.ts") : undefined;
  using session = await client.exec(vm, { ...spec, ...(terminal === undefined ? {} : { tty: terminal }) });
  using _raw = (await loading)?.openRawTerminal();
  using joined = joinSignals(session, wishes.tty);
  const unreadable = wishes.interactive ? passStdinOn(session, environment.stdin, isRaw) : undefined;
  if (unreadable === undefined) session.stdin.end();

  const exit = wishes.json ? captureOutput(session, environment.stdout.descriptor) : showOutput(session, wishes, environment);
  // Awaited here: what is in use goes when this returns.
  return await Promise.race([exit.then(codeOf), joined.left, ...(unreadable === undefined ? [] : [unreadable])]);
}

/** Rejects when stdin cannot be read to its end: the command must not take a part for the whole. A terminal that goes away ends it. */
function passStdinOn({ stdin }: ExecSession, { descriptor, isTerminal }: Terminal, isRaw: boolean): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const source = openStdin(descriptor, isRaw);
  source.on("error", (error: unknown) => {
    if (isTerminal) stdin.end();
    else reject(inputFailure(error, "the command was ended"));
  });
  source.pipe(stdin);
  return promise;
}

async function showOutput(session: ExecSession, { tty, interactive }: ExecWishes, { stdout, stderr }: Environment): Promise<ExecExit> {
  using terminalOutput = tty ? await openTerminalOutput(stdout, interactive) : undefined;
  const [exit] = await Promise.all([
    session.exited,
    copyOutput(session.stdout, process.stdout, terminalOutput ?? rendererFor(stdout)),
    copyOutput(session.stderr, process.stderr, rendererFor(stderr)),
  ]);
  await terminalOutput?.settle();
  return exit;
}

/** With a terminal of its own the command may drive ours, as far as that is safe. */
async function openTerminalOutput({ descriptor }: Terminal, interactive: boolean) {
  return (await import("./terminal/open-terminal-output.ts")).openTerminalOutput(process, descriptor, interactive);
}

function codeOf(exit: ExecExit): number {
  return "code" in exit ? exit.code : 128 + exit.signal;
}

/**
 * Passes signals and changes of size on until disposed. By `left` we leave at once: at a second signal, and when our terminal goes away,
 * for then nobody is left to end a command that does not mind it. The daemon hangs it up. Who asked for the command may have to clean up.
 */
function joinSignals(session: ExecSession, tty: boolean): Disposable & { readonly left: Promise<number> } {
  const { promise: left, resolve: leave } = Promise.withResolvers<number>();
  const seen = new Set<NodeJS.Signals>();
  const listeners = PASSED_ON.map((name) => {
    const listener = (): void => {
      if (seen.has(name)) leave(codeOfSignal(name));
      else session.signal(constants.signals[name]);
      seen.add(name);
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  const hangUp = (): void => leave(codeOfSignal("SIGHUP"));
  process.on("SIGHUP", hangUp);
  const resize = (): void => {
    const { rows, columns } = sizeOfTerminal();
    session.resize(rows, columns);
  };
  if (tty) process.stdout.on("resize", resize);
  return {
    left,
    [Symbol.dispose]: () => {
      for (const stop of listeners) stop();
      process.off("SIGHUP", hangUp);
      process.stdout.off("resize", resize);
    },
  };
}

function sizeOfTerminal(): { readonly rows: number; readonly columns: number } {
  return { rows: process.stdout.rows || 24, columns: process.stdout.columns || 80 };
}

/** For commands that clean up after themselves: what failed is told, and the guest's code stays the code. */
export function warn({ stderr }: Environment, message: string): void {
  print(stderr.descriptor, `warning: ${message}\n`);
}
