import { BangerError } from "../contract/errors.ts";

/** @param then what became of what the input was for. */
export function inputFailure(error: unknown, then: string): BangerError {
  const { code = "" } = error as NodeJS.ErrnoException;
  const why = code === "EISDIR" ? "it is a folder" : String(error);
  return new BangerError("unavailable", "input_failed", `cannot read stdin: ${why}`, {
    hint: `look at where the input comes from; ${then}`,
    cause: error,
  });
}
