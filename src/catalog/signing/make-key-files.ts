import { BangerError } from "../../contract/errors.ts";
import type { MadeKey } from "../../contract/local-work.ts";
import type { System } from "../../system/system.ts";
import { onFile } from "./document-files.ts";
import { keyFiles, makeSigningKey } from "./signing-key.ts";

/** A new key without a password: `path` for its owner alone, and `path.pub` to pass on. Throws `exists` `file_exists`. */
export async function makeKeyFiles({ files }: System, path: string): Promise<MadeKey> {
  const publicPath = `${path}.pub`;
  for (const each of [path, publicPath]) {
    if ((await onFile("write", each, () => files.find(each))) !== undefined)
      throw new BangerError("exists", "file_exists", `cannot make a key: ${each} is there already`, {
        hint: "another name: a key that is lost is lost",
      });
  }
  const key = makeSigningKey();
  const texts = keyFiles(key);
  await onFile("write", path, () => files.write(path, texts.secret));
  await onFile("write", publicPath, () => files.write(publicPath, texts.public, 0o644));
  return { secretPath: path, publicPath, publicKey: key.public.text, keyId: key.public.id };
}
