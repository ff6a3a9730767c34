/** Tries again what failed on the way, and only that: a wrong digest does not get right by asking twice. */
import { BangerError } from "../../contract/errors.ts";
import type { Clock } from "../../system/system.ts";

const TRANSIENT_CODES = ["mirror_unreachable", "download_truncated"];

/** @param delaysMs the pauses between tries; there is one try more than pauses. */
export async function withRetries<T>(clock: Clock, delaysMs: readonly number[], signal: AbortSignal, body: () => Promise<T>): Promise<T> {
  for (const delayMs of delaysMs) {
    try {
      return await body();
    } catch (error) {
      if (!(error instanceof BangerError) || !TRANSIENT_CODES.includes(error.code) || signal.aborted) throw error;
    }
    await clock.sleep(delayMs, signal);
  }
  return body();
}
