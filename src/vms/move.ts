import type { BangerError } from "../contract/errors.ts";
import type { Command } from "./state.ts";

/** Something that is being done to a vm. */
export interface Move {
  /** Undefined for what nobody asked for: an end by itself, putting things in order. */
  readonly command: Command | undefined;
  readonly done: Promise<void>;
  readonly abort: AbortController;
}

/** Waits until the command before has ended, and does not let it take its time. */
export async function overtake(before: Move | undefined, why?: BangerError): Promise<void> {
  before?.abort.abort(why);
  await before?.done.catch(() => undefined);
}

/** The moves of one vm. There is one at a time, but for a command that overtakes another. */
export class Moves {
  #current: Move | undefined;

  get current(): Move | undefined {
    return this.#current;
  }

  /** Resolves when nothing is under way; whoever awaits it goes on before anything else begins only if it looks again. */
  async idle(): Promise<void> {
    while (this.#current !== undefined) await this.#current.done.catch(() => undefined);
  }

  /** Does `body`, and has others see it until it ends. It is given what was under way when it began. */
  async run(
    command: Command | undefined,
    signal: AbortSignal,
    body: (signal: AbortSignal, before: Move | undefined) => Promise<void>,
  ): Promise<void> {
    const abort = new AbortController();
    const move: Move = { command, done: body(AbortSignal.any([signal, abort.signal]), this.#current), abort };
    this.#current = move;
    try {
      await move.done;
    } finally {
      if (this.#current === move) this.#current = undefined;
    }
  }
}
