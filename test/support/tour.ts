/** The tour of README.md, as somebody at a terminal types it. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BANGER, REPOSITORY, type World } from "./world.ts";

const readme = readFileSync(join(REPOSITORY, "README.md"), "utf8");
const tour = /^## Two minutes\n.*?```sh\n(.*?)```/ms.exec(readme)?.[1] ?? "";

/** Its lines, word for word and in order. */
export const TOUR: readonly string[] = tour.split("\n").filter((line) => line !== "");

/** A line without its remark. */
export function wordsOf(line: string): string {
  return line.replace(/ +# .*$/, "");
}

export interface Typed {
  /** Undefined when a signal ended it. */
  readonly code: number | null;
  /** What is then on the screen. */
  readonly text: string;
}

/** Types a line at a terminal in the checkout, and `exit` where it is to a shell. */
export async function typeLine(world: World, line: string): Promise<Typed> {
  let text = "";
  const decoder = new TextDecoder();
  let hasLeft = false;
  const child = Bun.spawn(["sh", "-c", line], {
    cwd: REPOSITORY,
    env: { ...world.environment, PATH: `${dirname(BANGER)}:${world.environment["PATH"] ?? ""}`, TERM: "xterm" },
    terminal: {
      cols: 100,
      rows: 30,
      data: (terminal, data) => {
        text += decoder.decode(data, { stream: true });
        if (hasLeft || !/ shell /.test(line) || !/# $/.test(text)) return;
        hasLeft = true;
        terminal.write("exit\n");
      },
    },
  });
  await child.exited;
  return { code: child.exitCode, text };
}
