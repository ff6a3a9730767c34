import { constants } from "node:os";
import { BangerError } from "../contract/errors.ts";
import type { ConsoleEnd } from "../contract/console-frames.ts";
import { followLog, isBreak, type Client, type ConsoleSession } from "../sdk/sdk.ts";
import { writeTo, type Renderer } from "./copy-output.ts";
import { DetachWatch } from "./detach-keys.ts";
import type { Environment } from "./environment.ts";
import { escapeLines } from "../contract/escape-text.ts";
import { openRawTerminal } from "./open-raw-terminal.ts";
import { print } from "./print.ts";
import { asBytes, makeEscaping } from "./renderers.ts";
import { whenReplaced } from "./when-replaced.ts";
import { openTerminalOutput, type TerminalOutput } from "./terminal/open-terminal-output.ts";

export interface ConsoleWishes {
  /** The bytes that leave the console. */
  readonly keys: Uint8Array;
  /** Nothing is typed to the guest. */
  readonly isReadOnly: boolean;
  /** The offset to show the console from; its last lines when undefined. */
  readonly from: number | undefined;
}

/** The byte of Ctrl-C, which leaves where it is of no use to the guest. */
const CTRL_C = 3;
/** A guest that does not read is typed to so far ahead; what is more is lost, with a bell. */
const MOST_AHEAD_BYTES = 1024 * 1024;
const BELL = "\x07";
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Times that the connection may break in a row without a byte. */
const MAX_FRUITLESS = 5;
const PAUSE_MS = 200;

/**
 * Joins our terminal to the serial port of a vm until the detach keys are typed or the vm has stopped; resolves with `detached`, or
 * how the vm ended. When the daemon goes away beneath, it goes on with the next one from the offset where it was.
 */
export async function attachConsole(
  client: Client,
  vm: string,
  wishes: ConsoleWishes,
  environment: Environment,
  onAttached: () => void,
): Promise<"detached" | ConsoleEnd> {
  const first = await client.openConsole(vm, wishes.from);
  onAttached();
  // The terminal is put back at the end of the process, whichever end that is.
  for (const name of ENDING) process.on(name, () => process.exit(128 + constants.signals[name]));
  using _raw = environment.stdin.isTerminal ? openRawTerminal() : undefined;
  using terminalOutput = openOurTerminal(wishes, environment);
  const screen = new Screen(client, vm, wishes.from, first, environment, terminalOutput ?? rendererFor(environment));
  const detached = environment.stdin.isTerminal ? watchKeys(wishes, screen, environment) : new Promise<never>(() => undefined);
  try {
    const why = await Promise.race([detached, screen.show()]);
    await screen.end();
    process.stdin.removeAllListeners("data");
    await terminalOutput?.settle();
    return why;
  } finally {
    screen.leave();
  }
}

/** The guest may drive a terminal of ours, as far as that is safe, where we read what the terminal answers: our shell would take it for typed. */
function openOurTerminal({ isReadOnly }: ConsoleWishes, { stdin, stdout }: Environment): TerminalOutput | undefined {
  return stdin.isTerminal && stdout.isTerminal ? openTerminalOutput(process, stdout.descriptor, !isReadOnly) : undefined;
}

function rendererFor({ stdout }: Environment): Renderer {
  return stdout.isTerminal ? makeEscaping() : asBytes;
}

/** Types what is typed; resolves when the detach keys were. */
function watchKeys({ keys, isReadOnly }: ConsoleWishes, screen: Screen, { stdout }: Environment): Promise<"detached"> {
  const watch = new DetachWatch(keys);
  let ahead = 0;
  let typing = Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<"detached">();
  process.stdin.on("data", (typed: Buffer) => {
    const { bytes, isDetached } = watch.push(typed);
    if (isReadOnly) {
      if (isDetached || bytes.includes(CTRL_C)) resolve("detached");
      return;
    }
    if (ahead + bytes.length > MOST_AHEAD_BYTES) print(stdout.descriptor, BELL);
    else {
      ahead += bytes.length;
      typing = typing.then(() => screen.type(bytes)).finally(() => (ahead -= bytes.length));
    }
    // What was typed before the keys still gets there.
    if (isDetached) void Promise.race([typing, pause()]).finally(() => resolve("detached"));
  });
  process.stdin.once("end", () => resolve("detached"));
  return promise;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

/** What the guest writes, over as many connections as it takes. */
class Screen {
  readonly #client: Client;
  readonly #vm: string;
  readonly #environment: Environment;
  readonly #renderer: Renderer;
  #next: number | undefined;
  #session: Promise<ConsoleSession>;
  #isOver = false;

  constructor(client: Client, vm: string, from: number | undefined, first: ConsoleSession, environment: Environment, renderer: Renderer) {
    this.#client = client;
    this.#vm = vm;
    this.#next = from;
    this.#session = Promise.resolve(first);
    this.#environment = environment;
    this.#renderer = renderer;
  }

  async show(): Promise<ConsoleEnd> {
    for (let fruitless = 0; fruitless < MAX_FRUITLESS; fruitless += 1) {
      try {
        const session = await this.#session;
        for await (const { offset, bytes } of session.output) {
          fruitless = 0;
          await this.#write(offset, bytes);
        }
        session[Symbol.dispose]();
        if (session.ended !== undefined) return session.ended;
      } catch (error) {
        if (error instanceof BangerError && error.code === "vm_not_running") return this.#showRest();
        if (!isBreak(error)) throw whenReplaced(error, this.#wordsToGoOn);
      }
      await pause();
      this.#session = this.#client.openConsole(this.#vm, this.#next);
      // Whoever types waits for it as well; it is here that its failure is told.
      this.#session.catch(() => undefined);
    }
    throw new BangerError("unavailable", "console_broken_off", "the daemon broke off the console again and again", {
      hint: "banger daemon status",
    });
  }

  get #wordsToGoOn(): string | undefined {
    return this.#next === undefined ? undefined : `banger console ${this.#vm} --offset ${this.#next}`;
  }

  /** A key pressed while the daemon is away waits for the next one. */
  async type(bytes: Uint8Array): Promise<void> {
    while (!this.#isOver) {
      const session = await this.#session.catch(() => undefined);
      if (session === undefined || (await session.type(bytes))) return;
      await pause();
    }
  }

  /** Shows no more, and puts back what the guest has left on. */
  async end(): Promise<void> {
    this.#isOver = true;
    await writeTo(process.stdout, this.#renderer.end());
  }

  leave(): void {
    this.#isOver = true;
    void this.#session.then((session) => session[Symbol.dispose]()).catch(() => undefined);
  }

  async #write(offset: number, bytes: Uint8Array): Promise<void> {
    const { stderr } = this.#environment;
    if (this.#isOver) return;
    if (this.#next !== undefined && offset > this.#next)
      print(stderr.descriptor, `\r\nnote: ${offset - this.#next} bytes were gone before they could be read\r\n`);
    this.#next = offset + bytes.length;
    await writeTo(process.stdout, this.#renderer.push(bytes));
  }

  /** The vm stopped while the daemon was away: what it wrote last is in the log. */
  async #showRest(): Promise<ConsoleEnd> {
    const from = this.#next;
    const request = { vm: this.#vm, ...(from === undefined ? {} : { from }) };
    for await (const line of followLog((place) =>
      this.#client.openLog({ ...request, ...(place?.from === undefined ? {} : { from: place.from }) }),
    )) {
      if ("ended" in line) return line;
      await writeTo(process.stdout, escapeLines(line.text).replaceAll("\n", "\r\n"));
    }
    return { ended: "stopped", name: this.#vm };
  }
}
