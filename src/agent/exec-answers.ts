/** What a guest says of how a command went, taken apart. */
import { BangerError } from "../contract/errors.ts";
import { escapeGuestText } from "../contract/escape-guest-text.ts";
import { parseExecExit, parseExecFailure } from "../contract/exec-outcome.ts";
import type { ExecExit } from "../contract/frames.ts";
import { guestGarbled } from "./guest-errors.ts";

/** How it ended. Throws for what is no such word. */
export function exitOf(payload: Uint8Array): ExecExit {
  return parseExecExit(payload) ?? wrongShape();
}

/** Why it could not start, in the agent's words. */
export function notStarted(payload: Uint8Array): BangerError {
  const { code, message } = parseExecFailure(payload) ?? wrongShape();
  return new BangerError("refused", `exec_${code}`, `cannot run the command in the guest: ${escapeGuestText(message)}`);
}

function wrongShape(): never {
  throw guestGarbled("its answer to an exec has the wrong shape");
}
