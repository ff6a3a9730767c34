/** Ports of a guest for tests. */
import { Transform } from "node:stream";
import { BangerError } from "../contract/errors.ts";

const CLOSED = 9;
const HANGS_UP = 7;

/** It says back what it hears, in capitals, and at the end how many bytes that were; port 7 hangs up after its first words, and on port 9 nothing listens. */
export function openFakePort(port: number): Transform {
  if (port === CLOSED) throw new BangerError("refused", "guest_port_closed", `cannot connect to port ${port} in the guest`);
  let bytes = 0;
  const stream: Transform = new Transform({
    transform: (chunk: Uint8Array, _encoding, callback) => {
      bytes += chunk.length;
      callback(
        null,
        Buffer.from(
          Buffer.from(chunk)
            .toString("latin1")
            .replaceAll(/[a-z]/g, (letter) => letter.toUpperCase()),
          "latin1",
        ),
      );
      if (port === HANGS_UP) stream.push(null);
    },
    flush: (callback) => (port === HANGS_UP ? callback() : callback(null, `${bytes}`)),
  });
  return stream;
}
