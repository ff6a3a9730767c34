import {
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from "node:http2";
import { Duplex } from "node:stream";
import { hasEnded, takeRest } from "./end-stream.ts";
import { abortReason, connectionLost, streamBroken } from "./guest-errors.ts";
import { readRefusal } from "./read-refusal.ts";

type Callback = (error?: Error | null) => void;

/**
 * The raw bytes of one HTTP/2 stream.
 *
 * - It ends only by the guest's END_STREAM. A reset, with whatever code, and the death of the session are errors.
 * - Ending the writable side sends END_STREAM and leaves the readable side open; destroying resets with CANCEL.
 * - It reads from the session only what its reader takes, so a slow reader holds at most the stream's window.
 * - Bytes written after the guest has ended its side and closed the stream are dropped, as a closed TCP peer drops them: an
 *   answer that is complete is not lost to a question that was not read to its end.
 */
export class GuestStream extends Duplex {
  readonly #source: ClientHttp2Stream;
  readonly #session: ClientHttp2Session;
  readonly #path: string;
  readonly #accepted = Promise.withResolvers<void>();
  #endedWell = false;
  #sourceClosed = false;
  #pending: Callback | undefined;

  constructor(session: ClientHttp2Session, source: ClientHttp2Stream, path: string, signal: AbortSignal) {
    super({ allowHalfOpen: true });
    this.#source = source;
    this.#session = session;
    this.#path = path;
    source.on("response", (headers) => this.#onResponse(headers));
    source.on("error", (cause) => this.#fail(cause));
    source.on("aborted", () => this.#onSourceAborted());
    source.on("close", () => this.#onSourceClose());
    const onAbort = (): void => void this.destroy(abortReason(signal, `cannot go on with ${path}`));
    signal.addEventListener("abort", onAbort);
    this.once("close", () => signal.removeEventListener("abort", onAbort));
    this.#accepted.promise.catch(() => {
      // Nobody has to wait for the answer: a failure reaches every user as the stream's own error.
    });
    if (signal.aborted) onAbort();
  }

  /** Resolves when the guest answered 200; rejects with its refusal. */
  get accepted(): Promise<void> {
    return this.#accepted.promise;
  }

  override _read(): void {
    this.#source.resume();
  }

  override _write(chunk: Uint8Array, _encoding: string, callback: Callback): void {
    if (this.#sourceClosed) return callback();
    this.#pending = callback;
    this.#source.write(chunk, () => this.#settlePending());
  }

  override _final(callback: Callback): void {
    if (this.#sourceClosed) return callback();
    this.#pending = callback;
    this.#source.end(() => this.#settlePending());
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#accepted.reject(error ?? connectionLost(`${this.#path} was closed`));
    if (!this.#source.closed) this.#source.close(constants.NGHTTP2_CANCEL);
    this.#source.resume();
    callback(error);
  }

  #onResponse(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    const status = headers[":status"] ?? 0;
    if (status !== 200) {
      void readRefusal(this.#session, this.#source, this.#path, status).then((refusal) => this.destroy(refusal));
      return;
    }
    this.#accepted.resolve();
    this.#source.on("data", (chunk: Uint8Array) => {
      if (!this.push(chunk)) this.#source.pause();
    });
    this.#source.on("end", () => this.#onSourceEnd());
  }

  /** Bun says `end` after a reset, too. Then, and only then, the stream is already destroyed at this moment. */
  #onSourceEnd(): void {
    if (!hasEnded(this.#source) && (this.#source.destroyed || this.#source.aborted)) return this.#fail(undefined);
    this.#endedWell = true;
    this.push(null);
  }

  /** The stream or its session is over before our side was. If the guest's had ended by then, what came is all there is. */
  #onSourceAborted(): void {
    if (this.#endedWell || !hasEnded(this.#source)) return;
    takeRest(this.#source);
    this.#endedWell = true;
    this.push(null);
  }

  #onSourceClose(): void {
    this.#sourceClosed = true;
    if (!this.#endedWell) this.#fail(undefined);
    else this.#settlePending();
  }

  #fail(cause: Error | undefined): void {
    if (this.destroyed || this.#endedWell) return;
    this.destroy(streamBroken(this.#session, this.#source, this.#path, cause));
  }

  #settlePending(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.();
  }
}
