import { BangerError, fromErrorShape } from "../contract/errors.ts";
import type { FollowedLine } from "../contract/schemas/log.ts";
import type { LogPlace } from "./sdk.ts";

/** Times that a connection may drop in a row without a single line. */
const MAX_FRUITLESS = 5;
/** A daemon that dies takes a moment to be found dead. */
const PAUSE_MS = 200;

/** Gives the lines of a log from a place on, over one connection; from where the request says when there is no place yet. */
export type OpenLog = (place: LogPlace | undefined) => Promise<AsyncIterable<unknown>>;

/**
 * The lines of a followed log to its end, over as many connections as it takes: each goes on where the last part ended, so that no byte
 * is missing or doubled.
 */
export async function* followLog(open: OpenLog): AsyncGenerator<Exclude<FollowedLine, { error: unknown }>> {
  let place: LogPlace | undefined;
  for (let fruitless = 0; fruitless < MAX_FRUITLESS; fruitless += 1) {
    try {
      for await (const line of (await open(place)) as AsyncIterable<FollowedLine>) {
        if ("error" in line) throw fromErrorShape(line.error);
        fruitless = 0;
        if ("source" in line) place = line.source === "guest" ? { cursor: line.cursor ?? undefined } : { from: line.endOffset };
        yield line;
        if ("ended" in line) return;
      }
    } catch (error) {
      if (!isBreak(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  throw new BangerError("unavailable", "log_broken_off", "the daemon broke off the log again and again", { hint: "banger daemon status" });
}

/** The second: somebody else started it, and it died again. The third: it says itself that another one has to be asked. */
const BREAKS: ReadonlySet<string> = new Set(["daemon_broke_off", "daemon_did_not_start", "daemon_stopping"]);

/** Whether the connection broke, after which one asks again. What else the daemon says is final. */
export function isBreak(error: unknown): boolean {
  if (error instanceof BangerError) return BREAKS.has(error.code);
  return error instanceof Error && error.name !== "AbortError" && "code" in error;
}
