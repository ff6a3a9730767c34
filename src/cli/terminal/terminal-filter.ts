import { judgeCommand, judgeControlSequence, judgeEscape, keepModes, type ControlSequence, type Verdict } from "./control-sequences.ts";
import { LeftOn } from "./left-on.ts";
import { lengthOfCharacter } from "./utf8.ts";

const ESC = 0x1b;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const DEL = 0x7f;

/** Longer ones are dropped whole: no title and no list of colours needs more. */
const MAX_SEQUENCE_BYTES = 1024;
/** Attributes, places and erasing. */
const SCREENS_ARE_MADE_OF: ReadonlySet<number> = new Set(Buffer.from("mHABCDGJKXdrLMP"));
const SHORT_SEQUENCE_BYTES = 64;
const REPLACEMENT = Buffer.from("\ufffd");

/** ESC and what follows makes a string, to its end: DCS, SOS, OSC, PM, APC, and the title of GNU screen. */
const STRINGS: ReadonlySet<string> = new Set("PX]^_k");

type State = "text" | "escape" | "control" | "string" | "string-escape";

/**
 * Lets the bytes of a guest's terminal through to ours, without those that could make ours type, read or write its clipboard, or
 * leave what this knows of it. What passes is whole, well-formed UTF-8 text and whole sequences in their 7-bit form; what does not is
 * gone without a trace. Where the stream is cut makes no difference to what comes out.
 */
export class TerminalFilter {
  readonly #mayAsk: boolean;
  readonly #leftOn = new LeftOn();
  #state: State = "text";
  /** What follows ESC, up to the cap. */
  #sequence = "";
  /** Bytes of a character whose others have not come yet. */
  #rest: Buffer = Buffer.alloc(0);
  #out: Buffer[] = [];
  #asked = 0;

  /** @param mayAsk whether somebody in the guest reads what our terminal answers. */
  constructor(mayAsk: boolean) {
    this.#mayAsk = mayAsk;
  }

  /** How many questions have passed. */
  get asked(): number {
    return this.#asked;
  }

  push(chunk: Uint8Array): Buffer {
    const bytes = this.#rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([this.#rest, chunk]);
    this.#rest = Buffer.alloc(0);
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === "text") at = this.#skipText(bytes, at);
      const byte = bytes[at];
      if (byte === undefined) break;
      if (byte < 0x80) {
        this.#take(byte);
        at += 1;
        continue;
      }
      const length = lengthOfCharacter(bytes, at);
      if (length === undefined) {
        this.#rest = Buffer.from(bytes.subarray(at));
        break;
      }
      this.#takeCharacter(bytes.subarray(at, at + Math.max(1, length)), length === 0);
      at += Math.max(1, length);
    }
    return this.#flush();
  }

  /** The end of the stream: what puts back what the guest has left on. */
  end(): Buffer {
    if (this.#rest.length > 0 && this.#state === "text") this.#out.push(REPLACEMENT);
    this.#rest = Buffer.alloc(0);
    this.#state = "text";
    this.#out.push(Buffer.from(this.#leftOn.turnOff()));
    return this.#flush();
  }

  #flush(): Buffer {
    const [first, ...more] = this.#out;
    this.#out = [];
    if (first === undefined) return Buffer.alloc(0);
    return more.length === 0 ? first : Buffer.concat([first, ...more]);
  }

  /** Passes plain text, which most of a stream is, in one piece; gives where something else begins. */
  #skipText(bytes: Buffer, from: number): number {
    let at = from;
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte < 0x80) {
        if ((byte >= 0x20 && byte !== DEL) || isHarmless(byte)) continue;
        const end = byte === ESC ? skipDrawing(bytes, at) : undefined;
        if (end === undefined) break;
        at = end - 1;
        continue;
      }
      const length = lengthOfCharacter(bytes, at);
      if (length === undefined || length === 0 || isControl(bytes, at)) break;
      at += length - 1;
    }
    if (at > from) this.#out.push(bytes.subarray(from, at));
    return at;
  }

  /** A character that is not ASCII, or a byte that is of none. */
  #takeCharacter(character: Buffer, isWrong: boolean): void {
    if (!isWrong && isControl(character, 0)) {
      // C1 in UTF-8, which some terminals act on, is what ESC and a letter are.
      this.#take(ESC);
      this.#take((character[1] ?? 0) - 0x40);
    } else if (this.#state === "text") this.#out.push(isWrong ? REPLACEMENT : Buffer.from(character));
    else if (this.#state === "string") this.#keep(isWrong ? "\ufffd" : character.toString("utf8"));
    else this.#state = "text";
  }

  #take(byte: number): void {
    if (byte === CAN || byte === SUB) this.#state = "text";
    else if (byte === ESC) this.#begin();
    else if (this.#state === "string" || this.#state === "string-escape") this.#takeInString(byte);
    else if (byte < 0x20) {
      // Terminals act on a control in the middle of a sequence at once.
      if (isHarmless(byte)) this.#out.push(Buffer.of(byte));
    } else if (byte === DEL) return;
    else if (this.#state === "escape") this.#takeInEscape(byte);
    else if (this.#state === "control") this.#takeInControl(byte);
  }

  #begin(): void {
    if (this.#state === "string") this.#state = "string-escape";
    else this.#restart();
  }

  #restart(): void {
    this.#state = "escape";
    this.#sequence = "";
  }

  #takeInEscape(byte: number): void {
    const character = String.fromCharCode(byte);
    this.#keep(character);
    if (this.#sequence === "[") this.#state = "control";
    else if (this.#sequence.length === 1 && STRINGS.has(character)) this.#state = "string";
    else if (byte >= 0x30) this.#finish(judgeEscape(this.#sequence), this.#sequence);
  }

  #takeInControl(byte: number): void {
    this.#keep(String.fromCharCode(byte));
    if (byte < 0x40) return;
    const parts = /^\[([<=>?]?)([0-9:;]*)([ -/]*)([@-~])$/.exec(this.#sequence);
    this.#state = "text";
    if (parts === null) return;
    const [, marker = "", params = "", intermediates = "", final = ""] = parts;
    const sequence: ControlSequence = { marker, params, intermediates, final };
    const modes = keepModes(sequence);
    if (modes === undefined) {
      const verdict = judgeControlSequence(sequence);
      if (verdict === "draw") this.#leftOn.note(sequence);
      this.#finish(verdict, this.#sequence);
    } else {
      this.#leftOn.note(sequence, modes);
      this.#finish(modes.length === 0 ? "drop" : "draw", `[${marker}${modes.join(";")}${final}`);
    }
  }

  #takeInString(byte: number): void {
    if (this.#state === "string-escape") {
      const isEnd = byte === 0x5c;
      if (isEnd) return this.#finishString();
      // ESC and anything else breaks a string off.
      this.#restart();
      return this.#take(byte);
    }
    if (byte === BEL && this.#sequence.startsWith("]")) return this.#finishString();
    this.#keep(String.fromCharCode(byte));
    // Linux's palette is a string without an end.
    if (/^\](?:R|P[0-9a-fA-F]{7})$/.test(this.#sequence)) this.#state = "text";
  }

  #finishString(): void {
    const body = this.#sequence.startsWith("]") ? this.#sequence.slice(1) : undefined;
    this.#finish(body === undefined ? "drop" : judgeCommand(body), `${this.#sequence}\u001b\\`);
  }

  #finish(verdict: Verdict, sequence: string): void {
    this.#state = "text";
    if (this.#sequence.length > MAX_SEQUENCE_BYTES || verdict === "drop" || (verdict === "ask" && !this.#mayAsk)) return;
    if (verdict === "ask") this.#asked += 1;
    this.#out.push(Buffer.from(`\u001b${sequence}`));
  }

  #keep(character: string): void {
    if (this.#sequence.length <= MAX_SEQUENCE_BYTES) this.#sequence += character;
  }
}

/** BEL, BS, HT, LF, VT, FF, CR, SO, SI. Not ENQ, which is answered, nor what starts transfers and printers. */
function isHarmless(control: number): boolean {
  return control >= 0x07 && control <= 0x0f;
}

/** Where the sequence at `at` ends, if it is there whole and of the sort of which screens are made; the long way gives the same, slower. */
function skipDrawing(bytes: Buffer, at: number): number | undefined {
  if (bytes[at + 1] !== 0x5b) return undefined;
  for (let next = at + 2; next < at + SHORT_SEQUENCE_BYTES; next += 1) {
    const byte = bytes[next] ?? 0;
    if (byte < 0x30 || byte > 0x3b) return SCREENS_ARE_MADE_OF.has(byte) ? next + 1 : undefined;
  }
  return undefined;
}

/** Whether a C1 control stands there, in UTF-8. */
function isControl(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0xc2 && (bytes[at + 1] ?? 0xff) < 0xa0;
}
