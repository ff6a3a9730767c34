import { constants, type ClientHttp2Stream } from "node:http2";

const ended = new WeakSet<ClientHttp2Stream>();

/**
 * Has `hasEnded` know of the guest's END_STREAM as soon as it is there. Bun says `end` only when all was read, and not at all when
 * the stream or its session ends before that, although a whole answer stays one whatever comes after it (RFC 9113, 8.1): a server
 * that has answered before it has read the whole request resets the stream, with NO_ERROR. What tells the two apart is the state of
 * the stream when Bun notes that no more bytes will come: a reset closes both sides.
 */
export function watchEndStream(stream: ClientHttp2Stream): void {
  const push = stream.push.bind(stream);
  stream.push = (chunk, encoding) => {
    if (chunk === null && stream.state.state === constants.NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE) ended.add(stream);
    return push(chunk, encoding);
  };
}

/** Whether END_STREAM was seen while our side was still open. When it was not, an `end` of a stream that lives is one as well. */
export function hasEnded(stream: ClientHttp2Stream): boolean {
  return ended.has(stream);
}

/** Reads what has come and nobody has taken, a window at most; `data` tells it. To be called at `aborted`: later it is gone. */
export function takeRest(stream: ClientHttp2Stream): void {
  while (stream.read() !== null);
}
