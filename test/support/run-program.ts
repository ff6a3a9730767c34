/** Programs of this computer, in a world's folder and with its environment. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { Ran, World } from "./world.ts";

export interface ProgramOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

export async function runProgram(world: World, program: string, words: readonly string[], options: ProgramOptions = {}): Promise<Ran> {
  const env = { ...world.environment, ...options.env };
  const child = spawn(program, words, { env, cwd: world.folder, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => undefined).end(options.input ?? "");
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number>((resolve) => child.once("close", (ended) => resolve(ended ?? 255))),
  ]);
  return { code, stdout, stderr };
}
