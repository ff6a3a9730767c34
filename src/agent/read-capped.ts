import { constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { hasEnded, takeRest } from "./end-stream.ts";
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
  const finish = (isWhole: boolean): void => (isWhole ? resolve(Buffer.concat(chunks)) : fail());
  // As in `GuestStream`: `end` of a stream that is destroyed already was a reset, unless the guest had ended before.
  stream.on("end", () => finish(hasEnded(stream) || !(stream.destroyed || stream.aborted)));
  stream.on("aborted", () => {
    if (!hasEnded(stream)) return;
    takeRest(stream);
    finish(true);
  });
  stream.on("error", fail);
  stream.on("close", () => fail());
  return promise;
}
