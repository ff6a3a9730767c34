/** The guest's side of an exec stream, held to `contract/frames.ts`: the daemon passes it on as it comes, and no byte of it is trusted. */
import { BangerError } from "../contract/errors.ts";
import { escapeGuestText } from "../contract/escape-guest-text.ts";
import { parseExecExit, parseExecFailure } from "../contract/exec-outcome.ts";
import { FRAME, FrameReader, type ExecExit, type Frame } from "../contract/frames.ts";

/** What goes in every guest. */
const HINTS: Readonly<Record<string, string>> = { bad_user: "--user root", bad_cwd: "--cwd /" };

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
  const exit = parseExecExit(payload);
  if (exit === undefined) throw garbled("how the command ended has the wrong shape");
  return exit;
}

function failureOf(payload: Uint8Array): BangerError {
  const failure = parseExecFailure(payload);
  if (failure === undefined) return garbled("why the command did not start has the wrong shape");
  const hint = HINTS[failure.code];
  return new BangerError("refused", `exec_${failure.code}`, `cannot run the command in the vm: ${escapeGuestText(failure.message)}`, {
    ...(hint === undefined ? {} : { hint }),
  });
}

function garbled(what: string, cause?: unknown): BangerError {
  return new BangerError("unavailable", "guest_garbled", `cannot understand the guest agent: ${what}`, {
    hint: "the guest may be damaged: restart the vm",
    cause,
  });
}
