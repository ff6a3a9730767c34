import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { KEY_MAX_BYTES, onFile } from "./document-files.ts";
import { isUnderPassword, parseSigningKey, type SigningKey } from "./signing-key.ts";

const OTHERS = 0o077;

/** The secret key in a file. Throws `refused` `bad_signing_key`, and what `askPassword` throws. */
export async function readSigningKey(files: System["files"], path: string, askPassword: () => Promise<string>): Promise<SigningKey> {
  const text = await onFile("read", path, () => files.readText(path, KEY_MAX_BYTES));
  try {
    if (isUnderPassword(text)) return await parseSigningKey(text, await askPassword());
    await requireOwnAlone(files, path);
    return await parseSigningKey(text, undefined);
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

/** Whoever can read a key without a password can sign as its owner. What is no file, as `<(pass show key)`, has no others. */
async function requireOwnAlone(files: System["files"], path: string): Promise<void> {
  const info = await files.find(path);
  if (info?.kind !== "file" || (info.mode & OTHERS) === 0) return;
  throw new BangerError("refused", "bad_signing_key", `cannot sign with ${path}: others can read it`, { hint: `chmod 600 ${path}` });
}
