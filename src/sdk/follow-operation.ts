import { BangerError } from "../contract/errors.ts";
import type { OperationEvent } from "../contract/events.ts";
import { readLines } from "./read-lines.ts";

/** Times that a connection may drop in a row without a single event. */
const MAX_FRUITLESS = 3;

/** Gives the events from a number on, over one connection. */
export type OpenEvents = (from: number) => Promise<AsyncIterable<Uint8Array>>;

/**
 * The events to the outcome, over as many connections as it takes. Throws `invalid` `no_such_event` when the operation ended before `from`.
 * @param isOver whether the operation has ended; asked where a connection brought nothing.
 */
export async function* followOperation(
  open: OpenEvents,
  from: number,
  isOver: () => Promise<boolean> = async () => false,
): AsyncGenerator<OperationEvent> {
  let next = from;
  for (let fruitless = 0; fruitless < MAX_FRUITLESS; fruitless += 1) {
    const stream = await open(next);
    try {
      for await (const event of readLines(stream) as AsyncIterable<OperationEvent>) {
        fruitless = 0;
        next = event.seq + 1;
        yield event;
        if (event.type === "outcome") return;
      }
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") throw error;
      // The connection broke. What the daemon says when asked again decides.
      continue;
    }
    // Twice: what was the last event when the connection ended may not be any more.
    if (next === from && fruitless > 0 && (await isOver())) {
      throw new BangerError("invalid", "no_such_event", `there is no event ${from}: the operation has ended, and has not so many`);
    }
  }
  throw new BangerError("unavailable", "events_broken_off", "the daemon broke off the events of the operation again and again", {
    hint: "banger operation list",
  });
}
