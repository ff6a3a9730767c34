import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAM = [process.execPath, join(import.meta.dir, "fake-banger.ts")];

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly stdin?: string | Uint8Array;
  readonly variables?: Readonly<Record<string, string>>;
}

/** A home of its own for each test; its daemon, which a command starts, is ended with it. */
export interface Home extends AsyncDisposable {
  readonly path: string;
  /** The words that begin each command line. */
  readonly program: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** Runs a command to its end. */
  banger(argv: readonly string[], options?: StartOptions): Promise<Ended>;
  /** Starts one, with pipes. */
  start(argv: readonly string[]): Bun.Subprocess<"pipe", "pipe", "pipe">;
}

export function openHome(more: Readonly<Record<string, string>> = {}): Home {
  const path = mkdtempSync(join(tmpdir(), "banger-cli-"));
  const variables = { PATH: process.env["PATH"] ?? "", HOME: path, BANGER_HOME: path, TERM: "xterm", ...more };
  const banger = async (argv: readonly string[], options: StartOptions = {}): Promise<Ended> => {
    const child = Bun.spawn([...PROGRAM, ...argv], {
      env: { ...variables, ...options.variables },
      stdin: options.stdin === undefined ? "ignore" : Buffer.from(options.stdin),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { code, stdout, stderr };
  };
  return {
    path,
    program: PROGRAM,
    variables,
    banger,
    start: (argv) => Bun.spawn([...PROGRAM, ...argv], { env: variables, stdin: "pipe", stdout: "pipe", stderr: "pipe" }),
    async [Symbol.asyncDispose]() {
      await banger(["daemon", "stop"]);
      rmSync(path, { recursive: true });
    },
  };
}

/** Reads until the text so far satisfies; returns it. */
export async function readUntil(stream: ReadableStream<Uint8Array>, isEnough: (text: string) => boolean): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (!isEnough(text)) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return text;
}
