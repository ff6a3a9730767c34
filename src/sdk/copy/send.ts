/** The sending side, on this computer: names go ahead, and contents follow in the same order, for those that the receiver wants. */
import { MAX_ANNOUNCED, MAX_ENTRIES } from "../../contract/copy-frames.ts";
import type { CopyAnswer, CopyCounts, CopyMessage } from "../../contract/copy-messages.ts";
import { cannotCopy, guestGarbled } from "./copy-errors.ts";
import type { CopyWire, TellProblem } from "./copy-wire.ts";
import type { SourceFile } from "./source-file.ts";
import { walk, type Step } from "./walk.ts";

export interface SendOptions {
  readonly follow: boolean;
  readonly tell: TellProblem;
  readonly onProgress: (counts: CopyCounts) => void;
}

/** Sends all of it; resolves with what the receiver says that it did. Rejects with `BangerError`. */
export async function sendCopy(wire: CopyWire, sources: readonly string[], options: SendOptions): Promise<CopyCounts> {
  const replies = new Replies(wire);
  const announced: SourceFile[] = [];
  const sent = { files: 0, unchanged: 0, folders: 0, links: 0, bytes: 0 };
  const steps = walk(sources, options.follow);
  const onBytes = (count: number): void => {
    sent.bytes += count;
    options.onProgress(sent);
  };
  try {
    for (let entries = 0, isOver = false; ;) {
      // An answer is waited for with as many files under way as may be: a tree of small ones costs no round trip each.
      while (!isOver && announced.length < MAX_ANNOUNCED) {
        const { value: step, done } = steps.next();
        isOver = done === true;
        if (step === undefined) break;
        if (step.is === "problem") options.tell({ type: "problem", path: Buffer.from(step.path), ...step.why });
        if (step.is === "file") announced.push(step.file);
        if (step.is !== "problem") await wire.send(messageOf(step));
        if (step.is === "said" || step.is === "file") entries += 1;
        if (entries > MAX_ENTRIES)
          throw cannotCopy("refused", "too_many", `cannot copy more than ${MAX_ENTRIES} files and folders at once`);
      }
      if (announced[0] === undefined) break;
      if (!replies.hasAnswer) await wire.flush();
      const answer = await replies.answer();
      using file = announced.shift();
      await file?.serve(answer, wire, options.tell, onBytes);
      sent.files += 1;
      options.onProgress(sent);
    }
    await wire.send({ type: "finish" });
    await wire.flush();
    return await replies.done();
  } finally {
    steps.return(undefined);
    for (const file of announced) file[Symbol.dispose]();
  }
}

function messageOf(step: Exclude<Step, { is: "problem" }>): CopyMessage {
  switch (step.is) {
    case "said":
      return step.message;
    case "left":
      return { type: "leave" };
    case "file":
      return { type: "file", name: step.name, size: step.file.size, ...step.file.meta };
  }
}

/**
 * What the receiver says, read whether it is waited for or not: a receiver that cannot tell its problems would stop, and we
 * would wait for it.
 */
class Replies {
  readonly #answers: CopyAnswer[] = [];
  readonly #end: Promise<CopyCounts>;
  #wake: (() => void) | undefined;

  constructor(wire: CopyWire) {
    this.#end = this.#read(wire);
    this.#end.catch((error: unknown) => {
      // Who waits for room to send hears of it by the end of the stream.
      wire.fail(error);
      this.#wake?.();
    });
  }

  get hasAnswer(): boolean {
    return this.#answers.length > 0;
  }

  async answer(): Promise<CopyAnswer> {
    for (;;) {
      const answer = this.#answers.shift();
      if (answer !== undefined) return answer;
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      const ended = await Promise.race([woken, this.#end]);
      if (ended !== undefined) throw guestGarbled("it ended a copy before all was sent");
    }
  }

  done(): Promise<CopyCounts> {
    return this.#end;
  }

  async #read(wire: CopyWire): Promise<CopyCounts> {
    for await (const message of wire.receive()) {
      if (message.type === "done") {
        const { type: _, ...counts } = message;
        return counts;
      }
      if (message.type !== "answer") throw guestGarbled(`it sent a frame ${message.type}, which only the other side sends`);
      if (this.#answers.push(message) > MAX_ANNOUNCED) throw guestGarbled("it answered more than it was asked");
      this.#wake?.();
    }
    throw guestGarbled("it said nothing more");
  }
}
