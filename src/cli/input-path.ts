import { fstatSync, type Stats } from "node:fs";
import { resolve } from "node:path";
import { isatty } from "node:tty";
import { UsageError } from "./usage-error.ts";

/** What names a descriptor of ours: `-`, and what a shell makes of `<(...)`. */
const OURS = /^(?:-|\/dev\/stdin|(?:\/dev|\/proc\/self)\/fd\/(\d{1,9}))$/;

/**
 * The path by which the daemon reads what was typed. A descriptor of ours it opens for itself, through /proc, while we wait: so what comes
 * through a pipe goes straight to who reads it.
 */
export function inputPath(flag: string, text: string): string {
  const match = OURS.exec(text);
  if (match === null) return resolve(text);
  const descriptor = Number(match[1] ?? 0);
  const name = descriptor === 0 ? "stdin" : text;
  const stat = statOf(descriptor);
  if (stat === undefined) throw new UsageError(`${flag} ${text}: ${name} is closed`);
  if (isatty(descriptor)) throw new UsageError(`${flag} ${text}: stdin is a terminal`, `... | banger ... ${flag} -`);
  // A socket cannot be opened a second time.
  if (stat.isSocket()) throw new UsageError(`${flag} ${text}: ${name} is a socket`, `cat | banger ... ${flag} -`);
  return `/proc/${process.pid}/fd/${descriptor}`;
}

function statOf(descriptor: number): Stats | undefined {
  try {
    return fstatSync(descriptor);
  } catch {
    return undefined;
  }
}
