import type { Duplex } from "node:stream";

/**
 * Passes bytes both ways between two streams, at the pace of the slower. The end of one direction ends it on the other side
 * and leaves the other direction open; the death of one destroys the other.
 */
export function joinStreams(a: Duplex, b: Duplex): void {
  passOn(a, b);
  passOn(b, a);
}

function passOn(from: Duplex, to: Duplex): void {
  from.pipe(to);
  // An error is followed by `close`, which is where both go down.
  from.on("error", () => undefined);
  from.once("close", () => {
    if (!from.readableEnded || from.errored !== null) to.destroy();
    else if (!to.writableEnded) to.end();
  });
}
