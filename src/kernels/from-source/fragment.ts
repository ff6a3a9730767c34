/** The lines of a configuration that somebody wants, and whether they are in the one that came out. Pure. */
import { BangerError } from "../../contract/errors.ts";

export interface WantedOption {
  /** With `CONFIG_`. */
  readonly option: string;
  /** `y`, `m`, `n`, a number, or a text in its quotes. */
  readonly value: string;
}

const SET = /^(CONFIG_\w+)=(\S.*)$/;
const UNSET = /^# (CONFIG_\w+) is not set$/;
/** What the build finds out of the compiler: a whole configuration of another computer has other values. */
const FOUND_OUT = /^CONFIG_(?:CC_VERSION_TEXT|(?:GCC|CLANG|AS|LD|LLD|PAHOLE|RUSTC|RUSTC_LLVM)_VERSION)$/;
const MOST_NAMED = 40;

/** Throws `invalid` `bad_kernel_config` with each line that is none. @param path for messages. */
export function parseFragment(text: string, path: string): readonly WantedOption[] {
  const wanted: WantedOption[] = [];
  const bad: number[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const option = parseLine(line.trim());
    if (option !== undefined) wanted.push(option);
    else if (line.trim() !== "" && !line.trim().startsWith("#")) bad.push(index + 1);
  }
  if (bad.length === 0 && wanted.length > 0) return wanted;
  const why =
    bad.length > 0
      ? `line ${bad.slice(0, MOST_NAMED).join(", ")} is not of the form CONFIG_NAME=value`
      : "it has no line of the form CONFIG_NAME=value";
  throw new BangerError("invalid", "bad_kernel_config", `cannot build with the configuration ${path}: ${why}`, { hint: `edit ${path}` });
}

/** Throws `refused` `options_dropped` with all that are not as they were wanted. @param text the `.config` that came out. */
export function checkFragment(wanted: readonly WantedOption[], text: string, path: string): void {
  const found = new Map(text.split("\n").flatMap((line) => entryOf(parseLine(line))));
  // Of two lines about one option the last one counts, as for the kernel's own tools.
  const last = new Map(wanted.flatMap(entryOf));
  const dropped = [...last].flatMap(([option, value]) => {
    const got = found.get(option) ?? "n";
    return got === value || FOUND_OUT.test(option) ? [] : [`${option}=${value} became ${got}`];
  });
  if (dropped.length === 0) return;
  const more = dropped.length > MOST_NAMED ? ` and ${dropped.length - MOST_NAMED} more` : "";
  throw new BangerError(
    "refused",
    "options_dropped",
    `cannot build with the configuration ${path}: this source does not take all of it: ${dropped.slice(0, MOST_NAMED).join(", ")}${more}`,
    { hint: "set what these depend on, or leave them out; then the same command again" },
  );
}

function parseLine(line: string): WantedOption | undefined {
  const set = SET.exec(line);
  if (set !== null) return { option: set[1] ?? "", value: set[2] ?? "" };
  const unset = UNSET.exec(line);
  return unset === null ? undefined : { option: unset[1] ?? "", value: "n" };
}

function entryOf(wanted: WantedOption | undefined): readonly (readonly [string, string])[] {
  return wanted === undefined ? [] : [[wanted.option, wanted.value]];
}
