import { spawn, type ChildProcess } from "node:child_process";
import type { ErrorShape } from "../../src/contract/errors.ts";
import type { World } from "../support/world.ts";

/** How a command ended. */
interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** As the command's last document tells it. */
  readonly failure?: ErrorShape;
}

/** A command that reads along for long, and the commands that go on where it was cut off. */
export interface Reader {
  /** What all of them have read so far, one character a byte. */
  text(): string;
  /** The offset behind it. */
  endOffset(): number;
  until(isSo: (text: string) => boolean, deadlineMs: number): Promise<void>;
  /** Waits for the end of the one that reads now. */
  ended(deadlineMs: number): Promise<Ended>;
  goOn(words: readonly string[]): void;
  /** Ends the one that reads now. */
  end(): Promise<void>;
}

/** @param how `log`: reads `banger logs --json`, by offset from 0 on; `console`: takes stdout as it is. */
export function startReader(world: World, words: readonly string[], how: "log" | "console"): Reader {
  let text = "";
  let run = start(words);

  function start(given: readonly string[]) {
    const child: ChildProcess = spawn(world.program, given, { env: world.environment, stdio: ["ignore", "pipe", "pipe"] });
    const said = { stdout: "", stderr: "", open: "", failure: undefined as ErrorShape | undefined };
    child.stdout?.on("data", (chunk: Buffer) => {
      said.stdout += chunk.toString("latin1");
      if (how === "console") text += chunk.toString("latin1");
      else takeLines(said, chunk.toString("latin1"));
    });
    child.stderr?.on("data", (chunk: Buffer) => (said.stderr += String(chunk)));
    const { promise: closed, resolve } = Promise.withResolvers<number | null>();
    child.once("close", resolve);
    return { child, said, closed };
  }

  function takeLines(said: { open: string; failure: ErrorShape | undefined }, chunk: string): void {
    const lines = (said.open + chunk).split("\n");
    said.open = lines.pop() ?? "";
    for (const line of lines) {
      const part = JSON.parse(line) as { text: string; offset: number; endOffset: number } | { error: ErrorShape };
      if ("error" in part) {
        said.failure = part.error;
        continue;
      }
      const { offset, endOffset } = part;
      if (offset !== text.length || endOffset - offset !== part.text.length)
        throw new Error(`a part from ${offset} to ${endOffset} with ${part.text.length} bytes came behind ${text.length}`);
      text += part.text;
    }
  }

  return {
    text: () => text,
    endOffset: () => text.length,
    until: async (isSo, deadlineMs) => {
      for (const deadline = Date.now() + deadlineMs; !isSo(text); await Bun.sleep(20)) {
        if (Date.now() < deadline && run.child.exitCode === null) continue;
        throw new Error(`banger ${words.join(" ")} has not read it: ${text.slice(-300)}; it said: ${run.said.stderr}`);
      }
    },
    ended: async (deadlineMs) => {
      const timer = setTimeout(() => run.child.kill("SIGKILL"), deadlineMs);
      const code = await run.closed.finally(() => clearTimeout(timer));
      const { stdout, stderr, failure } = run.said;
      return { code, stdout, stderr, ...(failure === undefined ? {} : { failure }) };
    },
    goOn: (next) => {
      run = start(next);
    },
    end: async () => {
      if (run.child.exitCode === null) run.child.kill("SIGKILL");
      await run.closed;
    },
  };
}
