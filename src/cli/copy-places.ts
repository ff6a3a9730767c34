import { UsageError } from "./usage-error.ts";

/** What is copied where: one side of it is a vm. */
export interface CopyPlaces {
  readonly direction: "in" | "out";
  readonly vm: string;
  readonly from: readonly string[];
  readonly to: string;
}

/** A name or id of a vm, then a colon. A path with a colon in it is written ./a:b. */
const IN_VM = /^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?):([^]*)$/;

/** Reads SRC... and DST. Throws `UsageError` unless exactly one side is a vm, the same one for each. */
export function readCopyPlaces(sources: readonly string[], destination: string): CopyPlaces {
  const [first, ...others] = sources.map(readPlace);
  const to = readPlace(destination);
  if (first === undefined) throw new UsageError("SRC is missing: what to copy");
  const mixed = others.find(({ vm }) => vm !== first.vm);
  if (mixed !== undefined) throw new UsageError("everything that is copied at once is on the same side", "one banger cp for each vm");
  const from = [first, ...others].map(({ path }) => path);
  requireOwnNames(from);
  if (first.vm !== undefined && to.vm !== undefined)
    throw new UsageError("cannot copy from vm to vm", "copy to this computer first, and from here to the other vm");
  if (to.vm !== undefined) return { direction: "in", vm: to.vm, from, to: to.path };
  if (first.vm !== undefined) return { direction: "out", vm: first.vm, from, to: to.path };
  throw new UsageError("one side must be in a vm, written NAME:PATH", `banger cp ${sources.join(" ")} NAME:${destination}`);
}

/** Two things of one name would be one in the end, with nothing said of the other. What lies in folders named with a dot may meet. */
function requireOwnNames(from: readonly string[]): void {
  const byName = new Map<string, string>();
  for (const path of from) {
    const name = path.replace(/\/+$/, "").split("/").pop() ?? "";
    if (["", ".", ".."].includes(name)) continue;
    const other = byName.get(name);
    if (other !== undefined)
      throw new UsageError(`${other} and ${path} would both be called ${name}`, "one banger cp for each, with a DST of its own");
    byName.set(name, path);
  }
}

function readPlace(word: string): { readonly vm: string | undefined; readonly path: string } {
  if (word === "") throw new UsageError("a path is empty");
  if (word === "-")
    throw new UsageError("cp copies from and to files, not - (a file of that name is ./-)", "banger exec NAME -- tar c PATH");
  if (word.startsWith(":"))
    throw new UsageError(`the name of a vm is missing before ${word}`, `NAME${word} for a path in a vm, ./${word} for a file of that name`);
  const [, vm, path = word] = IN_VM.exec(word) ?? [];
  if (path.includes("\0")) throw new UsageError("a path holds no NUL");
  // Of a vm without a path the home is meant.
  return { vm, path: path === "" ? "." : path };
}
