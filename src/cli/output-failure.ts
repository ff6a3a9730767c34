import { BangerError } from "../contract/errors.ts";

/** The code of a program that a broken pipe ended. */
const BROKEN_PIPE = 141;

const WHY: Readonly<Record<string, string>> = {
  ENOSPC: "there is no space left",
  EDQUOT: "your quota is used up",
  EFBIG: "the file is as large as it may be",
  EBADF: "it is closed",
  EIO: "it does not take it",
};

/**
 * What to throw when our own output cannot be written. A reader that has gone away ends the program without a word instead, as it does
 * for others in a pipe.
 */
export function outputFailure(error: unknown): BangerError {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (code === "EPIPE") process.exit(BROKEN_PIPE);
  const why = WHY[code] ?? String(error);
  return new BangerError("unavailable", "output_failed", `cannot write the output: ${why}`, {
    hint: "look at where the output goes to; what was asked for may have been done",
    cause: error,
  });
}
