/**
 * The frames of an exec stream: from client to daemon after the Upgrade, through the daemon untouched, and inside one
 * HTTP/2 stream to the guest agent. One frame is
 *
 *     type: u8 | length: u32 big-endian | payload: `length` bytes
 *
 * The client sends one `spec`, then any of `stdin`, `stdinEnd`, `resize`, `signal`. The agent answers with one `started` or
 * one `failed`, then `stdout` and `stderr`, and ends with exactly one `exited`. Frames after `exited` or `failed` are an
 * error. Lengths are checked against the cap of the type before anything is allocated: 64 KiB of bytes, 1 MiB for `spec`,
 * 4 KiB for the small ones. `guest/golden/frames.json` holds examples that both sides' tests read.
 */

export const FRAME = {
  spec: 0,
  stdin: 1,
  stdinEnd: 2,
  resize: 3,
  signal: 4,
  started: 16,
  stdout: 17,
  stderr: 18,
  exited: 19,
  failed: 20,
} as const;
export type FrameType = (typeof FRAME)[keyof typeof FRAME];

const KIB = 1024;
const CAPS: Caps = new Map([
  [FRAME.spec, 1024 * KIB],
  [FRAME.stdin, 64 * KIB],
  [FRAME.stdinEnd, 0],
  [FRAME.resize, 4],
  [FRAME.signal, 1],
  [FRAME.started, 4 * KIB],
  [FRAME.stdout, 64 * KIB],
  [FRAME.stderr, 64 * KIB],
  [FRAME.exited, 4 * KIB],
  [FRAME.failed, 4 * KIB],
]);
const HEADER_BYTES = 5;

/** The largest payload of `stdin`, `stdout` and `stderr`, in bytes. */
export const MAX_CHUNK_BYTES = 64 * KIB;

/** What to run in the guest; the payload of `spec`, as JSON. */
export interface ExecSpec {
  /** Program and arguments; the program is looked up in PATH. At least one element. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute; when absent what the vm's image says, else the user's home. */
  readonly cwd?: string;
  /** A name or a number, as `user` or `user:group`; when absent whom the vm's image says, else root. */
  readonly user?: string;
  /** A terminal of this size; stderr then arrives as stdout. */
  readonly tty?: { readonly rows: number; readonly columns: number; readonly term: string };
}

/** How a command ended; the payload of `exited`, as JSON. Exactly one of the two. */
export type ExecExit = { readonly code: number } | { readonly signal: number };

/** Why a command could not start; the payload of `failed`, as JSON. */
export interface ExecFailure {
  /** `not_found`, `not_executable`, `bad_cwd`, `bad_user`, `bad_spec`, `io`. */
  readonly code: string;
  readonly message: string;
}

export interface Frame<Type extends number = FrameType> {
  readonly type: Type;
  readonly payload: Uint8Array;
}

/** The largest payload of each type that a kind of stream has, in bytes. */
export type Caps = ReadonlyMap<number, number>;

/** A frame as bytes. Throws `RangeError` when the payload is above the cap of its type. */
export function encodeFrame(type: number, payload: Uint8Array = new Uint8Array(), caps = CAPS): Uint8Array {
  if (payload.length > capOf(type, caps)) throw new RangeError(`frame type ${type} carries ${payload.length} bytes, above its cap`);
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  bytes[0] = type;
  new DataView(bytes.buffer).setUint32(1, payload.length);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** A frame whose payload is JSON. */
export function encodeJsonFrame(type: FrameType, value: unknown): Uint8Array {
  return encodeFrame(type, new TextEncoder().encode(JSON.stringify(value)));
}

/** The payload of `resize`. */
export function encodeResize(rows: number, columns: number): Uint8Array {
  const payload = new Uint8Array(4);
  const view = new DataView(payload.buffer);
  view.setUint16(0, rows);
  view.setUint16(2, columns);
  return encodeFrame(FRAME.resize, payload);
}

function capOf(type: number, caps: Caps): number {
  const cap = caps.get(type);
  if (cap === undefined) throw new RangeError(`unknown frame type ${type}`);
  return cap;
}

/**
 * Cuts bytes into frames. Holds at most one unfinished frame. Throws `RangeError` at an unknown type or a length above the
 * cap, as soon as the header is complete; the reader is of no use afterwards.
 */
export class FrameReader<Type extends number = FrameType> {
  readonly #caps: Caps;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerFilled = 0;
  #payload: Uint8Array | undefined;
  #payloadFilled = 0;

  /** @param caps the types that there are, and their caps; those of an exec stream unless given. */
  constructor(caps: Caps = CAPS) {
    this.#caps = caps;
  }

  /** The frames completed by `chunk`, in order. */
  *push(chunk: Uint8Array): Generator<Frame<Type>> {
    let at = 0;
    while (at < chunk.length || this.#isComplete()) {
      at += this.#payload === undefined ? this.#fillHeader(chunk, at) : this.#fillPayload(chunk, at);
      const frame = this.#takeFrame();
      if (frame !== undefined) yield frame;
    }
  }

  /** True when no frame is half read: the only good moment for the stream to end. */
  get isBetweenFrames(): boolean {
    return this.#headerFilled === 0;
  }

  #isComplete(): boolean {
    return this.#payload !== undefined && this.#payloadFilled === this.#payload.length;
  }

  #fillHeader(chunk: Uint8Array, at: number): number {
    const part = chunk.subarray(at, at + HEADER_BYTES - this.#headerFilled);
    this.#header.set(part, this.#headerFilled);
    this.#headerFilled += part.length;
    if (this.#headerFilled === HEADER_BYTES) {
      const length = new DataView(this.#header.buffer).getUint32(1);
      const type = this.#header[0] ?? 0;
      if (length > capOf(type, this.#caps)) throw new RangeError(`frame type ${type} announces ${length} bytes, above its cap`);
      this.#payload = new Uint8Array(length);
      this.#payloadFilled = 0;
    }
    return part.length;
  }

  #fillPayload(chunk: Uint8Array, at: number): number {
    const payload = this.#payload ?? new Uint8Array();
    const part = chunk.subarray(at, at + payload.length - this.#payloadFilled);
    payload.set(part, this.#payloadFilled);
    this.#payloadFilled += part.length;
    return part.length;
  }

  #takeFrame(): Frame<Type> | undefined {
    if (!this.#isComplete()) return undefined;
    const frame = { type: this.#header[0] as Type, payload: this.#payload ?? new Uint8Array() };
    this.#payload = undefined;
    this.#headerFilled = 0;
    return frame;
  }
}
