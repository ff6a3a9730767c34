import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/**
 * Passes bytes both ways between two streams, at the pace of the slower. The end of one direction ends it on the other side
 * and leaves the other direction open; the death of one destroys the other.
 */
export function joinStreams(a: Duplex, b: Duplex): void {
  passOn(a, b, () => b.destroy());
  passOn(b, a, () => a.destroy());
}

/** The same of a TCP connection, which is reset when the stream breaks: an orderly end would make what has come look like everything. */
export function joinConnection(connection: Socket, stream: Duplex): void {
  passOn(connection, stream, () => stream.destroy());
  passOn(stream, connection, () => connection.resetAndDestroy());
}

function passOn(from: Duplex, to: Duplex, breakOff: () => void): void {
  from.pipe(to);
  // An error is followed by `close`, which is where both go down.
  from.on("error", () => undefined);
  from.once("close", () => {
    if (!from.readableEnded || from.errored !== null) breakOff();
    else if (!to.writableEnded) to.end();
  });
}
