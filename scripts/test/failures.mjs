/** What failed, in few words, to be said again at the end: what a suite prints is long, and of a run on another computer often only the end is kept. */

/** Of each failure. */
const MOST_LINES = 8;
const MOST_LENGTH = 300;

/** @typedef {{ readonly name: string, readonly why: readonly string[] }} Failure */

/**
 * @param {"check" | "bun" | "cargo"} kind
 * @param {string} output of a suite that failed
 * @returns {readonly Failure[]}
 */
export function failuresIn(kind, output) {
  const lines = output.split("\n");
  if (kind === "bun") return ofBun(lines);
  if (kind === "cargo") return ofCargo(lines);
  return [{ name: "its last lines", why: short(lines.filter((line) => line.trim() !== "").slice(-MOST_LINES)) }];
}

/**
 * What went wrong comes before the line that names the test: an error, then lines that were expected (-) and received (+).
 * @param {readonly string[]} lines
 */
function ofBun(lines) {
  /** @type {Failure[]} */
  const failures = [];
  /** @type {string[]} */
  let why = [];
  for (const line of lines) {
    // Bun says them all again.
    if (/^\d+ tests? failed:$/.test(line)) break;
    const end = /^\((pass|fail|skip|todo)\) (.*?)(?: \[[\d.]+ms\])?$/.exec(line);
    if (end === null) {
      if (/^(?:error:|[A-Za-z]*Error:|std(?:out|err): |[+-] |Expected|Received)/.test(line)) why.push(line);
      continue;
    }
    if (end[1] === "fail") failures.push({ name: end[2] ?? "", why: short(why) });
    why = [];
  }
  return failures;
}

/** @param {readonly string[]} lines */
function ofCargo(lines) {
  return lines.flatMap((line, at) => {
    const name = /^---- (.*) stdout ----$/.exec(line)?.[1];
    if (name === undefined) return [];
    const rest = lines.slice(at + 1);
    const end = rest.indexOf("");
    return [{ name, why: short(rest.slice(0, end === -1 ? undefined : end).filter((text) => text !== "")) }];
  });
}

/** @param {readonly string[]} lines */
function short(lines) {
  return lines.slice(0, MOST_LINES).map((line) => (line.length > MOST_LENGTH ? `${line.slice(0, MOST_LENGTH)}...` : line));
}

/** @param {Failure} failure */
export function failureText({ name, why }) {
  return [`  ${name}`, ...why.map((line) => `      ${line}`)].join("\n");
}
