/** A catalog in a file, of a checkout mostly. */
import { basename, dirname, join } from "node:path";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { DOCUMENT_MAX_BYTES, onFile, SIGNATURES_MAX_BYTES, signaturePathOf } from "../signing/document-files.ts";
import { withFolderLock } from "../signing/with-folder-lock.ts";
import { PUBLIC_MODE } from "../signing/sign-document.ts";
import type { CatalogPlace, ReadCatalog } from "./catalog-place.ts";
import { addSignature } from "./patch-catalog.ts";

/** @param path absolute. */
export function makeFilePlace(system: System, path: string): CatalogPlace {
  const { files, processes } = system;
  const signaturePath = signaturePathOf(path);
  const readSignatures = async (): Promise<string | undefined> => {
    if ((await onFile("read", signaturePath, () => files.find(signaturePath))) === undefined) return undefined;
    return onFile("read", signaturePath, () => files.readText(signaturePath, SIGNATURES_MAX_BYTES));
  };
  const read = async (): Promise<ReadCatalog> => {
    const info = await onFile("read", path, () => files.find(path));
    if (info === undefined) return { bytes: undefined, signatures: await readSignatures() };
    // A rename would put a file in the place of the link, and leave what it leads to as it was.
    if (info.kind !== "file")
      throw new BangerError("refused", "file_unusable", `cannot change ${path}: it is no file`, { hint: `ls -ld ${path}` });
    const bytes = await onFile("read", path, () => files.read(path, DOCUMENT_MAX_BYTES));
    return { bytes, signatures: await readSignatures() };
  };
  /** What a publisher who was killed had not yet put into place. */
  const removeStrays = async (): Promise<void> => {
    const folder = dirname(path);
    for (const name of await files.list(folder)) {
      const [, of, pid] = /^(.+?)(?:\.minisig)?\.(\d+)-[0-9a-f]{12}\.new$/.exec(name) ?? [];
      if (of === basename(path) && processes.identify(Number(pid)) === undefined) await files.removeFile(join(folder, name));
    }
  };
  const put = (to: string, content: string | Uint8Array): Promise<void> => onFile("write", to, () => files.write(to, content, PUBLIC_MODE));
  return {
    shown: path,
    paths: [path, signaturePath],
    read,
    write: async (before, after, key) => {
      const now = await read();
      // By somebody who does not know of the lock, as an editor.
      if (!isSame(before.bytes, now.bytes)) return false;
      await put(signaturePath, addSignature(now.signatures, after.signature, now.bytes, key));
      await put(path, after.bytes);
      // What is published of a file is a commit, both files at once: one signature is enough.
      await put(signaturePath, after.signature);
      return true;
    },
    exclusively: (body, signal) =>
      withFolderLock(system, path, signal, async () => {
        await removeStrays();
        return body();
      }),
  };
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one === undefined || other === undefined ? one === other : Buffer.from(one).equals(other);
}
