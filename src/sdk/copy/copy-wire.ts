import type { Duplex } from "node:stream";
import { BangerError, type ErrorKind } from "../../contract/errors.ts";
import { COPY_CAPS, MAX_ENTRIES, type CopyFrameType } from "../../contract/copy-frames.ts";
import { encodeCopyMessage, parseCopyFrame, type CopyMessage } from "../../contract/copy-messages.ts";
import { FrameReader } from "../../contract/frames.ts";
import { cannotCopy, copyBrokenOff, guestGarbled } from "./copy-errors.ts";

export type TellProblem = (problem: Extract<CopyMessage, { type: "problem" }>) => void;

/** As much as is worth a write of its own. */
const ENOUGH_BYTES = 64 * 1024;

const KINDS: Readonly<Record<string, ErrorKind>> = {
  not_found: "not_found",
  bad_spec: "invalid",
  bad_user: "not_found",
  busy: "unavailable",
};

/** The messages of one copy, over a stream to the guest. What the guest says is parsed strictly and bounded in number. */
export class CopyWire {
  readonly #stream: Duplex;
  readonly #tell: TellProblem;
  #failure: unknown;
  /** Messages that wait for company: a tree of small files would otherwise be a write for each word. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #problems = 0;

  constructor(stream: Duplex, tell: TellProblem) {
    this.#stream = stream;
    this.#tell = tell;
    stream.on("error", (error) => (this.#failure ??= error));
  }

  /** Resolves when there is room for more. Small messages go with the next `flush`. Rejects when the stream is over, with why. */
  async send(message: CopyMessage): Promise<void> {
    const bytes = encodeCopyMessage(message);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= ENOUGH_BYTES) await this.flush();
  }

  /** To be called before anything is waited for. */
  async flush(): Promise<void> {
    if (this.#stream.destroyed) throw this.#whyOver();
    const [first, ...others] = this.#waiting.splice(0);
    this.#waitingBytes = 0;
    if (first === undefined || this.#stream.write(others.length === 0 ? first : Buffer.concat([first, ...others]))) return;
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        this.#stream.off("drain", settle).off("close", settle);
        if (this.#stream.destroyed) reject(this.#whyOver());
        else resolve();
      };
      this.#stream.on("drain", settle).on("close", settle);
    });
  }

  /** What arrives, but for problems, which are told, and a failure, which is thrown. Ends by throwing, unless its reader stops. */
  async *receive(): AsyncGenerator<CopyMessage, never> {
    const reader = new FrameReader<CopyFrameType>(COPY_CAPS);
    try {
      for await (const chunk of this.#stream as AsyncIterable<Uint8Array>) {
        for (const message of this.#messagesOf(reader, chunk)) yield message;
        await this.flush();
      }
    } catch (error) {
      throw error instanceof BangerError ? error : this.#whyOver(error);
    }
    throw this.#whyOver();
  }

  /** The copy is over, for this reason; who waits on the stream hears of it. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#stream.destroy();
  }

  /** What is wrong is remembered before it is thrown: leaving the loop ends the stream, and who sends asks why. */
  *#messagesOf(reader: FrameReader<CopyFrameType>, chunk: Uint8Array): Generator<CopyMessage> {
    try {
      for (const frame of reader.push(chunk)) {
        const message = parseCopyFrame(frame);
        if (message.type === "failed") throw failureOf(message.json);
        if (message.type === "problem") this.#problem(message);
        else yield message;
      }
    } catch (error) {
      this.#failure ??= error instanceof RangeError ? guestGarbled("a copy's stream has a wrong frame", error) : error;
      throw this.#failure;
    }
  }

  #problem(problem: Extract<CopyMessage, { type: "problem" }>): void {
    this.#problems += 1;
    if (this.#problems > MAX_ENTRIES) throw guestGarbled("it tells of more problems than there can be files");
    this.#tell(problem);
  }

  #whyOver(cause: unknown = this.#failure): unknown {
    return this.#failure instanceof BangerError ? this.#failure : copyBrokenOff(cause);
  }
}

/** The agent's own words about why it cannot go on: guest text, which whoever shows it has to escape. */
function failureOf(json: Uint8Array): BangerError {
  let failure: unknown;
  try {
    failure = JSON.parse(new TextDecoder().decode(json));
  } catch (error) {
    return guestGarbled("it gave a copy up without saying why", error);
  }
  const { code, message, ...more } = Object(failure) as { code?: unknown; message?: unknown };
  const isOne = typeof code === "string" && /^[a-z_]{1,64}$/.test(code) && typeof message === "string" && Object.keys(more).length === 0;
  return isOne ? cannotCopy(KINDS[code] ?? "refused", code, message) : guestGarbled("it gave a copy up without saying why");
}
