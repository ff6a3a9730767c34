import { constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { watchEndStream } from "./end-stream.ts";
import { abortReason, connectionLost, streamBroken } from "./guest-errors.ts";
import { readCapped } from "./read-capped.ts";
import { readRefusal } from "./read-refusal.ts";

/** The wire's cap on JSON bodies. */
export const MAX_JSON_BYTES = 1024 * 1024;

export interface JsonRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
  readonly signal: AbortSignal;
}

/** Asks once and gives the body of a 2xx answer. Rejects with the guest's refusal, or when the signal aborts. */
export async function requestJson(session: ClientHttp2Session, request: JsonRequest): Promise<Uint8Array> {
  const { method, path, body, signal } = request;
  if (signal.aborted) throw abortReason(signal, `cannot ask the guest agent for ${path}`);
  const stream = openStream(session, method, path, body === undefined);
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => {
    aborted.reject(abortReason(signal, `cannot ask the guest agent for ${path}`));
    stream.close(constants.NGHTTP2_CANCEL);
  };
  signal.addEventListener("abort", onAbort);
  try {
    if (body !== undefined) stream.end(JSON.stringify(body));
    return await Promise.race([readAnswer(session, stream, path), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** A stream of a session that may have died a moment ago. */
export function openStream(session: ClientHttp2Session, method: string, path: string, endStream: boolean): ClientHttp2Stream {
  if (session.destroyed || session.closed) throw connectionLost("the connection has ended");
  const stream = session.request({ ":method": method, ":path": path }, { endStream });
  watchEndStream(stream);
  return stream;
}

async function readAnswer(session: ClientHttp2Session, stream: ClientHttp2Stream, path: string): Promise<Uint8Array> {
  const status = await readStatus(session, stream, path);
  if (status < 200 || status > 299) throw await readRefusal(session, stream, path, status);
  return readCapped(session, stream, path, MAX_JSON_BYTES);
}

/** Adds no `data` listener: the body waits for whoever reads it. */
function readStatus(session: ClientHttp2Session, stream: ClientHttp2Stream, path: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const fail = (cause?: Error): void => reject(streamBroken(session, stream, path, cause));
  stream.on("response", (headers) => resolve(headers[":status"] ?? 0));
  stream.on("error", fail);
  stream.on("close", () => fail());
  return promise;
}
