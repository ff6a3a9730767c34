import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { z } from "zod";
import { guestGarbled, guestRefusal } from "./guest-errors.ts";
import { parseGuestJson } from "./parse-guest-json.ts";
import { readCapped } from "./read-capped.ts";

const MAX_REFUSAL_BYTES = 16 * 1024;
const refusal = z.strictObject({ code: z.string().regex(/^[a-z0-9_]{1,64}$/), message: z.string() });

/** The error that an answer other than 2xx stands for. Never rejects: a refusal that cannot be read is an error, too. */
export async function readRefusal(session: ClientHttp2Session, stream: ClientHttp2Stream, path: string, status: number): Promise<Error> {
  try {
    const { code, message } = parseGuestJson(refusal, await readCapped(session, stream, path, MAX_REFUSAL_BYTES), path);
    return guestRefusal(path, status, code, message);
  } catch (cause) {
    return guestGarbled(`it answered ${path} with status ${status} and no reason`, cause);
  }
}
