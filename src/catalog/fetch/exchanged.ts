import { BangerError } from "../../contract/errors.ts";

/** @param what the file is: `package`. */
export function exchanged(what: string, path: string, cause?: unknown): BangerError {
  return new BangerError("refused", "digest_mismatch", `cannot use the ${what} ${path}: it was exchanged after it was verified`, {
    hint: "find out who writes into that folder, then try again",
    ...(cause === undefined ? {} : { cause }),
  });
}
