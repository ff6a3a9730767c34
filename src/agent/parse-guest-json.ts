import type { z } from "zod";
import { guestGarbled } from "./guest-errors.ts";

/** Guest bytes as a value of the schema. `what` names them in the error; no guest byte gets into it. */
export function parseGuestJson<T extends z.ZodType>(schema: T, bytes: Uint8Array, what: string): z.output<T> {
  const parsed = schema.safeParse(readGuestJson(bytes, `its answer to ${what}`));
  if (!parsed.success) throw guestGarbled(`its answer to ${what} has the wrong shape`, parsed.error);
  return parsed.data;
}

/** Guest bytes as any value. `which` begins the error. */
export function readGuestJson(bytes: Uint8Array, which: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw guestGarbled(`${which} is not JSON`, cause);
  }
}
