import { basename } from "node:path";
import type { ImageCommands } from "../contract/schemas/image-commands.ts";
import { LOGIN_SHELL } from "./spec-of.ts";

export interface CommandWishes {
  /** What stands after `--`. */
  readonly rest: readonly string[];
  /** Takes the place of what the image has; empty for none. */
  readonly entrypoint: string | undefined;
  readonly interactive: boolean;
  readonly tty: boolean;
}

const SHELLS: ReadonlySet<string> = new Set(["sh", "bash", "ash", "dash", "zsh", "fish", "ksh", "mksh"]);

/** What `banger run` runs, as docker would, but for a shell that would end at once; empty when that is nothing. */
export function chooseCommand(image: ImageCommands, { rest, entrypoint, interactive, tty }: CommandWishes): readonly string[] {
  const own = entrypoint === undefined ? image : { entrypoint: entrypoint === "" ? [] : [entrypoint], cmd: [] };
  const argv = [...own.entrypoint, ...(rest.length > 0 ? rest : own.cmd)];
  if (argv.length === 0) return tty ? LOGIN_SHELL : [];
  const isTheImages = rest.length === 0 && entrypoint === undefined;
  return isTheImages && !interactive && !tty && isMereShell(argv) ? [] : argv;
}

/** One that has nothing to do but what it reads. */
function isMereShell(argv: readonly string[]): boolean {
  const [program = "", ...options] = basename(argv[0] ?? "") === "busybox" ? argv.slice(1) : argv;
  return SHELLS.has(basename(program)) && options.every((word) => /^(?:-[il]+|--login)$/.test(word));
}
