/**
 * A terminal for tests that answers everything that any terminal is known to answer, and takes note of whatever is more than text.
 * Strict where terminals are: 7-bit controls, 8-bit ones, and those in UTF-8 mean the same to it.
 */
export interface Event {
  /** - `answer`: it typed something; - `clipboard`: it was read or written; - `control`: it was driven in another way; - `hidden`: text that shows wrong. */
  readonly kind: "answer" | "clipboard" | "control" | "hidden";
  readonly what: string;
}

// oxlint-disable-next-line no-control-regex -- these are what it acts on
const STRING = /^([PX^_\]])([^]*?)(?:\u001b\\|\u0007|\u009c)/;
// oxlint-disable-next-line no-control-regex -- the same
const CONTROL = /^\[([<=>?]?)([0-9:;\u0000-\u001a]*)([ -/]*)([@-~])/;
const ASKS = /^(?:c|n|t|x|\$p|\$w|\$u|&u|\*y|"v|u|q|S|\|)$/;
const HIDDEN = /[\p{Cf}\p{Zl}\p{Zp}\u034f\u115f\u1160\u3164]/u;

export class AnsweringTerminal {
  readonly events: Event[] = [];
  clipboard = "untouched";
  readonly #type: (text: string) => void;

  /** @param type gets what the terminal types. */
  constructor(type: (text: string) => void = () => undefined) {
    this.#type = type;
  }

  /** Shows a whole stream. */
  show(bytes: Uint8Array): void {
    // Bytes that are no UTF-8 are what an 8-bit terminal takes them for.
    let rest = decode(bytes);
    while (rest !== "") rest = rest.slice(this.#take(rest));
  }

  /** Acts on what stands first, and says how long it is. */
  #take(text: string): number {
    const first = text.charCodeAt(0);
    if (first === 5) return (this.#answer("ENQ", "answerback"), 1);
    if (first >= 0x80 && first < 0xa0) return this.#takeEscape(String.fromCharCode(first - 0x40) + text.slice(1), 1) - 1;
    if (first === 0x1b) return this.#takeEscape(text.slice(1), 1);
    if (HIDDEN.test(String.fromCodePoint(text.codePointAt(0) ?? 0))) this.events.push({ kind: "hidden", what: `U+${first.toString(16)}` });
    else if (first < 0x20 && !"\r\n\t\b\u0007".includes(text.charAt(0))) this.events.push({ kind: "control", what: `C0 ${first}` });
    else if (first === 0x7f) this.events.push({ kind: "control", what: "DEL" });
    return 1;
  }

  /** What follows ESC; gives how long it is with it. */
  #takeEscape(text: string, introducer: number): number {
    const string = STRING.exec(text);
    if (string !== null) return (this.#takeString(string[1] ?? "", string[2] ?? ""), string[0].length + introducer);
    const control = CONTROL.exec(text);
    if (control === null) return this.#takeShort(text) + introducer;
    const [whole, marker = "", params = "", intermediates = "", final = ""] = control;
    // Its own line of progress, and its own colour, are banger's.
    const isOurs =
      marker === "" && intermediates === "" && ((final === "K" && params === "") || (final === "m" && /^(?:31|39)$/.test(params)));
    if (ASKS.test(`${intermediates}${final}`) && !(final === "u" && marker === "" && intermediates === ""))
      this.#answer(`CSI ${marker}${params}${intermediates}${final}`, `\u001b[${params}R`);
    else if (!isOurs) this.events.push({ kind: "control", what: `CSI ${marker}${params}${intermediates}${final}` });
    return whole.length + introducer;
  }

  #takeShort(text: string): number {
    if (text.startsWith("Z")) this.#answer("DECID", "\u001b[?62c");
    else this.events.push({ kind: "control", what: `ESC ${JSON.stringify(text.slice(0, 2))}` });
    return Math.min(1, text.length);
  }

  #takeString(kind: string, body: string): void {
    if (kind === "]" && /^52;/.test(body)) {
      this.events.push({ kind: "clipboard", what: body });
      if (body.endsWith("?")) this.#answer("OSC 52", this.clipboard);
      else this.clipboard = body;
    } else if (
      (kind === "]" && /\?|^(?:[lLI]|50|60|61)/.test(body)) ||
      (kind === "P" && /^[$+]/.test(body)) ||
      (kind === "_" && body.startsWith("G"))
    )
      this.#answer(`${kind}${body}`, body);
    else this.events.push({ kind: "control", what: `${kind}${body.slice(0, 40)}` });
  }

  #answer(what: string, text: string): void {
    this.events.push({ kind: "answer", what });
    this.#type(text);
  }
}

/** UTF-8 where it is that, else each byte as a character. */
function decode(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((count) => /^[^\ufffd]$/u.test(Buffer.from(bytes.subarray(at, at + count)).toString("utf8"))) ?? 0;
    text += length === 0 ? String.fromCharCode(bytes[at] ?? 0) : Buffer.from(bytes.subarray(at, at + length)).toString("utf8");
    at += Math.max(1, length);
  }
  return text;
}
