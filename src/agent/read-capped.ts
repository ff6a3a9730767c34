import { constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { guestGarbled, streamBroken } from "./guest-errors.ts";

/** A whole body of at most `maxBytes`. Resets the stream and rejects as soon as there is more, and on any end but END_STREAM. */
export function readCapped(session: ClientHttp2Session, stream: ClientHttp2Stream, path: string, maxBytes: number): Promise<Uint8Array> {
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
  const fail = (cause?: Error): void => reject(streamBroken(session, stream, path, cause));
  // As in `GuestStream`: `end` of a stream that is destroyed already was a reset.
  stream.on("end", () => (stream.destroyed || stream.aborted ? fail() : resolve(Buffer.concat(chunks))));
  stream.on("error", fail);
  stream.on("close", () => fail());
  return promise;
}
