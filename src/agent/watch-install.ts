/** The lines of `POST /install`: what the package manager says, and at last how it ended. */
import type { Duplex } from "node:stream";
import { z } from "zod";
import { BangerError } from "../contract/errors.ts";
import { escapeGuestText } from "../contract/escape-guest-text.ts";
import { guestGarbled } from "./guest-errors.ts";
import { parseGuestJson } from "./parse-guest-json.ts";

const MAX_WORD_BYTES = 8192;
const NEWLINE = 0x0a;
const text = z.string().max(MAX_WORD_BYTES);
const word = z.union([z.strictObject({ line: text }), z.strictObject({ done: z.literal(true) }), z.strictObject({ failed: text })]);

/** Resolves when it is done. Throws `unavailable` `install_failed`. */
export async function watchInstall(stream: Duplex, onLine: (line: string) => void): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      const said = parseGuestJson(word, rest.subarray(0, end), "install");
      rest = rest.subarray(end + 1);
      if ("done" in said) return;
      if ("failed" in said) throw new BangerError("unavailable", "install_failed", escapeGuestText(said.failed));
      onLine(escapeGuestText(said.line));
    }
    if (rest.length > MAX_WORD_BYTES) throw guestGarbled(`a word of an install is longer than ${MAX_WORD_BYTES} bytes`);
  }
  throw guestGarbled("an install ended without saying how");
}
