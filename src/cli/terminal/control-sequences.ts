/**
 * Which control sequences of a guest may reach the terminal of the host. A list of what may, not of what may not: a terminal
 * can do more than anybody knows (`docs/decisions/0015-what-a-guest-may-do-to-your-terminal.md`).
 */

/** - `draw`: may pass; - `ask`: makes a terminal answer, in a form that the guest has no say in; - `drop`: does not pass. */
export type Verdict = "draw" | "ask" | "drop";

/** A whole CSI sequence, `ESC [ marker params intermediates final`. */
export interface ControlSequence {
  /** `<`, `=`, `>`, `?`, or nothing. */
  readonly marker: string;
  /** Digits, `;` and `:`. */
  readonly params: string;
  /** Characters from space to `/`. */
  readonly intermediates: string;
  readonly final: string;
}

/** After `marker`, `intermediates` and `final`: those that draw, or set a mode that ends with the session (`left-on.ts`). */
const DRAWS: ReadonlySet<string> = new Set([
  // Cursor, erasing, scrolling, tabs, attributes, margins, lights.
  ..."@ABCDEFGHIJKLMPSTXZ^`abdefgmqrsu".split(""),
  // Selective erasing, tabs in every eighth column, the look of Linux's cursor.
  ...["?J", "?K", "?W", "?c"],
  // What keys send: `modifyOtherKeys`, and kitty's keyboard.
  ...[">m", ">n", ">u", "=u", "<u"],
  // Look of the cursor, soft reset, protected text, rectangles.
  ...[" q", "!p", '"q', "$r", "$t", "$v", "$x", "$z", "${"],
]);

/** Questions by parameter. The answers are digits, or the terminal's own name; full-screen programs wait for them. */
const QUESTIONS: Readonly<Record<string, RegExp>> = {
  c: /^0?$/,
  ">c": /^0?$/,
  n: /^[56]$/,
  "?n": /^(?:6|996)$/,
  t: /^1[45689]$/,
  $p: /^\d{1,4}$/,
  "?$p": /^\d{1,4}$/,
  "?u": /^$/,
  ">q": /^0?$/,
};

/** Titles pushed and popped: they are set, and never told. */
const TITLE_STACK = /^2[23](?:;[012]){0,2}$/;

/** ANSI modes: insert, and newline. Others lock the keyboard or echo. */
const MODES: ReadonlySet<string> = new Set(["4", "20"]);
/**
 * DEC's and xterm's. Not among them: 2, VT52, in which every sequence would mean something else; 1001, which waits for the program;
 * 5522, the clipboard.
 */
const PRIVATE_MODES: ReadonlySet<string> = new Set(
  "1 3 4 5 6 7 8 9 12 25 45 47 66 69 1000 1002 1003 1004 1005 1006 1007 1015 1016 1034 1036 1039 1047 1048 1049 2004 2026 2027 2031 2048".split(
    " ",
  ),
);

/** Two-byte sequences and charset designations that draw. Not among them: `%`, which would leave UTF-8. */
const ESCAPES = /^(?:[78=>DEHMcg]|#[3-8]|[()*+][0-9A-Za-z<>=])$/;

/** `\e[?1;2h` with only those of its modes that may be set; undefined when it is no setting of modes. */
export function keepModes({ marker, params, intermediates, final }: ControlSequence): readonly string[] | undefined {
  if ((final !== "h" && final !== "l") || intermediates !== "" || (marker !== "" && marker !== "?")) return undefined;
  const known = marker === "?" ? PRIVATE_MODES : MODES;
  return params.split(";").filter((mode) => known.has(mode));
}

export function judgeControlSequence({ marker, params, intermediates, final }: ControlSequence): Verdict {
  const kind = `${marker}${intermediates}${final}`;
  if (kind === "t" && TITLE_STACK.test(params)) return "draw";
  if (QUESTIONS[kind]?.test(params) === true) return "ask";
  return DRAWS.has(kind) ? "draw" : "drop";
}

/** A sequence that begins with ESC and is neither CSI nor a string; `body` is what follows ESC. */
export function judgeEscape(body: string): Verdict {
  return ESCAPES.test(body) ? "draw" : "drop";
}

/**
 * An operating system command: `number;text`. Titles and colours may be set; what else there is reads and writes the clipboard
 * (52), asks for fonts (50), names folders and files of the host (7, 1337), hides a link behind other text (8), notifies.
 */
export function judgeCommand(body: string): Verdict {
  if (/^[012];[^\p{Cc}]*$/u.test(body)) return "draw";
  if (/^(?:4;\d{1,3}|1[0-9]);\?$/.test(body)) return "ask";
  if (/^(?:4(?:;\d{1,3};[#:/0-9A-Za-z]+)+|1[0-9];[#:/0-9A-Za-z]+)$/.test(body)) return "draw";
  return /^(?:104(?:;\d{1,3})*|11[0-9])$/.test(body) ? "draw" : "drop";
}
