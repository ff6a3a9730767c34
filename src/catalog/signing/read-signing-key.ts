import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { KEY_MAX_BYTES, onFile } from "./document-files.ts";
import { isUnderPassword, parseSigningKey, type SigningKey } from "./signing-key.ts";

/** The secret key in a file. Throws `refused` `bad_signing_key`, and what `askPassword` throws. */
export async function readSigningKey(files: System["files"], path: string, askPassword: () => Promise<string>): Promise<SigningKey> {
  const text = await onFile("read", path, () => files.readText(path, KEY_MAX_BYTES));
  try {
    return await parseSigningKey(text, isUnderPassword(text) ? await askPassword() : undefined);
  } catch (error) {
    if (error instanceof BangerError) throw error;
    throw new BangerError("refused", "bad_signing_key", `cannot sign with ${path}: ${(error as Error).message}`, {
      hint: isWrongPassword(error) ? "the same again" : "a secret key as banger catalog keygen or minisign -G makes it",
      cause: error,
    });
  }
}

function isWrongPassword(error: unknown): boolean {
  return error instanceof Error && error.message === "the password is wrong";
}
