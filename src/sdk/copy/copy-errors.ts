/** The failures of a copy, and why a single file of it was left out. */
import { BangerError, type ErrorKind } from "../../contract/errors.ts";
import { reasonOf } from "../../contract/system-error.ts";
import type { CopyProblemCode } from "../../contract/copy-frames.ts";

/** Why something of a tree was not copied, and what is told of it. */
export interface Why {
  readonly code: CopyProblemCode;
  readonly message: string;
}

/** Thrown inside a copy for one file or folder; the others go on. */
export class LeftOut extends Error {
  readonly why: Why;

  constructor(code: CopyProblemCode, message: string) {
    super(message);
    this.why = { code, message };
  }
}

/** The stream ended before the copy did. */
export function copyBrokenOff(cause: unknown): BangerError {
  return new BangerError("unavailable", "copy_broken_off", "the copy was broken off: the vm or the daemon has gone away", {
    hint: "what arrived is kept: repeat the copy with --resume",
    cause,
  });
}

/** The guest said what it may not say. It can spoil its own copy and nothing else. */
export function guestGarbled(what: string, cause?: unknown): BangerError {
  return new BangerError("unavailable", "guest_garbled", `cannot understand the guest agent: ${what}`, {
    hint: "the guest may be damaged: restart the vm",
    cause,
  });
}

/** The copy cannot go on, or cannot begin. */
export function cannotCopy(kind: ErrorKind, code: string, why: string, cause?: unknown): BangerError {
  return new BangerError(kind, `copy_${code}`, why, { cause });
}

export function codeOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" ? code : "";
}

export function unreadable(error: unknown): LeftOut {
  if (error instanceof LeftOut) return error;
  if (codeOf(error) === "ENOENT") return new LeftOut("not_found", "there is no such file or folder");
  return new LeftOut("unreadable", `it cannot be read: ${reasonOf(error)}`);
}

export function unwritable(error: unknown): LeftOut {
  if (error instanceof LeftOut) return error;
  if (["EISDIR", "EEXIST", "ENOTEMPTY"].includes(codeOf(error))) return new LeftOut("in_the_way", "a folder is in its place");
  return new LeftOut("unwritable", `it cannot be written: ${reasonOf(error)}`);
}
