import { connect, type ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";

/** What one stream may hold unread; a slow reader of one stream keeps this much and no more. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
/** Over all streams: eight of them can be full before one waits for another. */
const CONNECTION_WINDOW_BYTES = 8 * STREAM_WINDOW_BYTES;
/** The wire binds both ends to it; the guest finds the end of a broken frame by it. */
const MAX_FRAME_BYTES = 16_384;

/** HTTP/2 on a socket that stands right behind the handshake. The session has an error listener already. */
export function openHttpSession(socket: Socket): ClientHttp2Session {
  const settings = { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES, maxFrameSize: MAX_FRAME_BYTES, maxHeaderListSize: 16_384 };
  const session = connect("http://guest", { createConnection: () => socket, settings });
  session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
  // Bun 1.4.5 also takes the connection's window for the size of each stream's: it would wait for half of 8 MiB before it
  // gives a stream new credit, while the guest stops at 1 MiB (oven-sh/bun#41942). Saying the stream's size again mends it.
  session.settings(settings);
  return session;
}
