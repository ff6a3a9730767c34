import { constants, type ClientHttp2Stream } from "node:http2";
import { guestGarbled, streamReset } from "./guest-errors.ts";

/** A whole body of at most `maxBytes`. Resets the stream and rejects as soon as there is more, and on any end but END_STREAM. */
export function readCapped(stream: ClientHttp2Stream, path: string, maxBytes: number): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const chunks: Uint8Array[] = [];
  let total = 0;
  stream.on("data", (chunk: Uint8Array) => {
    total += chunk.length;
    if (total <= maxBytes) return void chunks.push(chunk);
    chunks.length = 0;
    reject(guestGarbled(`its answer to ${path} is longer than ${maxBytes} bytes`));
    stream.close(constants.NGHTTP2_CANCEL);
  });
  // As in `GuestStream`: `end` of a stream that is destroyed already was a reset.
  stream.on("end", () => (stream.destroyed || stream.aborted ? reject(streamReset(path, stream.rstCode)) : resolve(Buffer.concat(chunks))));
  stream.on("error", () => reject(streamReset(path, stream.rstCode)));
  stream.on("close", () => reject(streamReset(path, stream.rstCode)));
  return promise;
}
