/** The instructions of a Dockerfile: lines that go on are joined, comments and documents inside (`<<EOF`) left out. */

export interface Instruction {
  /** In capitals. */
  readonly word: string;
  readonly rest: string;
}

const DIRECTIVE = /^#\s*(\w+)\s*=\s*(\S+)\s*$/;
const DOCUMENT = /<<(-?)(["']?)([A-Za-z_]\w*)\2/g;

/** Pure. Takes a time that grows as the text does. */
export function instructionsOf(text: string): readonly Instruction[] {
  const lines = text.replace(/^\u{feff}/u, "").split(/\r?\n/);
  const escape = escapeOf(lines);
  const lastAt = new Map(lines.map((line, at) => [line.replace(/^\t+/, ""), at]));
  const found: Instruction[] = [];
  let parts: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = (lines[at] ?? "").trimEnd();
    const begin = line.trimStart();
    if (begin === "" || begin.startsWith("#")) continue;
    const goesOn = line.endsWith(escape);
    parts.push(goesOn ? line.slice(0, -1) : line);
    if (goesOn && at < lines.length - 1) continue;
    const [, word = "", rest = ""] = /^\s*(\S+)\s*(.*)$/s.exec(parts.join("")) ?? [];
    parts = [];
    found.push({ word: word.toUpperCase(), rest });
    if (/^(?:RUN|COPY|ADD)$/i.test(word)) at = behindDocuments(lines, at, rest, lastAt);
  }
  return found;
}

/** The number of the last line of the last document that an instruction has, or its own. What has no end is none. */
function behindDocuments(lines: readonly string[], from: number, rest: string, lastAt: ReadonlyMap<string, number>): number {
  let at = from;
  for (const [, dash, , end = ""] of rest.matchAll(DOCUMENT)) {
    if ((lastAt.get(end) ?? -1) <= at) continue;
    let next = at + 1;
    const isEnd = (line: string): boolean => (dash === "-" ? line.replace(/^\t+/, "") : line) === end;
    while (next < lines.length && !isEnd(lines[next] ?? "")) next += 1;
    if (next < lines.length) at = next;
  }
  return at;
}

/** Directives stand above everything else. */
function escapeOf(lines: readonly string[]): string {
  for (const line of lines) {
    const [, name = "", value = ""] = DIRECTIVE.exec(line) ?? [];
    if (name === "") return "\\";
    if (name.toLowerCase() === "escape") return value === "`" ? "`" : "\\";
  }
  return "\\";
}
