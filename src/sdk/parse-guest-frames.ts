/** The guest's side of an exec stream, held to `contract/frames.ts`: the daemon passes it on as it comes, and no byte of it is trusted. */
import { BangerError } from "../contract/errors.ts";
import { escapeGuestText } from "../contract/escape-guest-text.ts";
import { FRAME, FrameReader, type ExecExit, type ExecFailure, type Frame } from "../contract/frames.ts";

/** What the guest says, in order: one `started`, output, one `exited`. */
export type GuestWord =
  | { readonly type: "started" }
  | { readonly type: "stdout" | "stderr"; readonly bytes: Uint8Array }
  | { readonly type: "exited"; readonly exit: ExecExit };

/** Reads the bytes of one command's stream. */
export class GuestFrames {
  readonly #reader = new FrameReader();
  #hasStarted = false;

  /** What `chunk` completes. Throws `refused` `exec_...` when the command could not start, `unavailable` `guest_garbled` at anything else that is wrong. */
  *push(chunk: Uint8Array): Generator<GuestWord> {
    for (const frame of this.#framesOf(chunk)) yield this.#wordOf(frame);
  }

  *#framesOf(chunk: Uint8Array): Generator<Frame> {
    try {
      yield* this.#reader.push(chunk);
    } catch (error) {
      throw error instanceof RangeError ? garbled("it sent what is no frame", error) : error;
    }
  }

  #wordOf({ type, payload }: Frame): GuestWord {
    const isFirst = !this.#hasStarted;
    this.#hasStarted = true;
    if (type === FRAME.started && isFirst) return { type: "started" };
    if (type === FRAME.failed && isFirst) throw failureOf(payload);
    if (isFirst) throw garbled("it did not begin with how the command started");
    if (type === FRAME.stdout || type === FRAME.stderr) return { type: type === FRAME.stdout ? "stdout" : "stderr", bytes: payload };
    if (type === FRAME.exited) return { type: "exited", exit: exitOf(payload) };
    throw garbled(`it sent a frame of type ${type} out of turn`);
  }
}

function exitOf(payload: Uint8Array): ExecExit {
  const [[key, value] = [], ...more] = Object.entries(recordOf(payload));
  const isCode = key === "code" && isWithin(value, 0, 255);
  const isSignal = key === "signal" && isWithin(value, 1, 64);
  if (more.length > 0 || !(isCode || isSignal)) throw garbled("how the command ended has the wrong shape");
  return isCode ? { code: value } : { signal: value };
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

function failureOf(payload: Uint8Array): BangerError {
  const { code, message, ...more } = recordOf(payload) as Partial<ExecFailure>;
  const isRight = typeof code === "string" && /^[a-z_]{1,64}$/.test(code) && typeof message === "string" && Object.keys(more).length === 0;
  if (!isRight) return garbled("why the command did not start has the wrong shape");
  return new BangerError("refused", `exec_${code}`, `cannot run the command in the vm: ${escapeGuestText(message)}`);
}

function recordOf(payload: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw garbled("what it said of the command is not JSON", error);
  }
  throw garbled("what it said of the command is no object");
}

function garbled(what: string, cause?: unknown): BangerError {
  return new BangerError("unavailable", "guest_garbled", `cannot understand the guest agent: ${what}`, {
    hint: "the guest may be damaged: restart the vm",
    cause,
  });
}
