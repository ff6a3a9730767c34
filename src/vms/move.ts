import type { BangerError } from "../contract/errors.ts";
import type { Command } from "./state.ts";

/** A command that is being carried out. */
export interface Move {
  readonly command: Command;
  readonly done: Promise<void>;
  readonly abort: AbortController;
}

/** Waits until the command before has ended, and does not let it take its time. */
export async function overtake(before: Move | undefined, why?: BangerError): Promise<void> {
  before?.abort.abort(why);
  await before?.done.catch(() => undefined);
}
