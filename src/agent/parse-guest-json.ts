import type { z } from "zod";
import { guestGarbled } from "./guest-errors.ts";

/** Guest bytes as a value of the schema. `what` names them in the error; no guest byte gets into it. */
export function parseGuestJson<T extends z.ZodType>(schema: T, bytes: Uint8Array, what: string): z.output<T> {
  const parsed = schema.safeParse(readJson(bytes, what));
  if (!parsed.success) throw guestGarbled(`its answer to ${what} has the wrong shape`, parsed.error);
  return parsed.data;
}

function readJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw guestGarbled(`its answer to ${what} is not JSON`, cause);
  }
}
