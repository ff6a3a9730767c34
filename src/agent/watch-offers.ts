import type { Duplex } from "node:stream";
import { z } from "zod";
import type { Offer } from "./agent.ts";
import { guestGarbled } from "./guest-errors.ts";
import { parseGuestJson } from "./parse-guest-json.ts";

const MAX_OFFER_BYTES = 4096;
const NEWLINE = 0x0a;
const offer = z.strictObject({
  id: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER),
  purpose: z.string().regex(/^[a-z0-9-]{1,64}$/),
});

/** The lines of `GET /accept`. Ends when the stream does; leaving the loop resets the stream. */
export async function* watchOffers(stream: Duplex): AsyncGenerator<Offer, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      yield parseGuestJson(offer, rest.subarray(0, end), "accept");
      rest = rest.subarray(end + 1);
    }
    if (rest.length > MAX_OFFER_BYTES) throw guestGarbled(`an offer is longer than ${MAX_OFFER_BYTES} bytes`);
  }
}
