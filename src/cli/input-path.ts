import type { Stats } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "./usage-error.ts";

/** What names a descriptor of ours: `-`, and what a shell makes of `<(...)`. */
const OURS = /^(?:-|\/dev\/stdin|(?:\/dev|\/proc\/self)\/fd\/(\d{1,9}))$/;

/** Stdin is a socket, as under ssh and some programs: nobody else can open it as it is. */
export class StdinIsSocket extends UsageError {}

/**
 * The path by which the daemon reads what was typed. A descriptor of ours it opens for itself, through /proc, while we wait: so what comes
 * through a pipe goes straight to who reads it.
 */
export function inputPath(flag: string, text: string): string {
  const match = OURS.exec(text);
  if (match === null) return resolve(text);
  const descriptor = Number(match[1] ?? 0);
  const stat = statOf(descriptor);
  const what = `${flag} ${text}: ${descriptor === 0 ? "stdin" : text}`;
  const piped = `cat | banger ... ${flag} -`;
  if (stat === undefined) throw new UsageError(`${what} is closed`);
  if (process.getBuiltinModule("node:tty").isatty(descriptor)) throw new UsageError(`${what} is a terminal`, `... | banger ... ${flag} -`);
  if (stat.isSocket()) throw new (descriptor === 0 ? StdinIsSocket : UsageError)(`${what} is a socket`, piped);
  return `/proc/${process.pid}/fd/${descriptor}`;
}

/** Loaded only when somebody asks: most commands take no input. */
function statOf(descriptor: number): Stats | undefined {
  try {
    return process.getBuiltinModule("node:fs").fstatSync(descriptor);
  } catch {
    return undefined;
  }
}
