/** A document of a catalog as a file, and what is told of it. */
import { dirname } from "node:path";
import { onDisk } from "../../contract/disk-full.ts";
import { BangerError } from "../../contract/errors.ts";
import { isOfThePath, reasonOf } from "../../contract/system-error.ts";
import type { DocumentSummary } from "../../contract/local-work.ts";
import type { CatalogDocument } from "../document/catalog-document.ts";
import type { KeysDocument } from "../document/keys-document.ts";

/** Of a catalog with all the entries that it may have. */
export const DOCUMENT_MAX_BYTES = 16 * 2 ** 20;
export const SIGNATURES_MAX_BYTES = 64 * 2 ** 10;
/** A file of minisign's with one key in it. */
export const KEY_MAX_BYTES = 4096;

/** What the computer says of a file of the user's is no failure of ours. Throws `refused` `file_unusable`, `unavailable` `disk_full`. */
export async function onFile<T>(doing: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await onDisk(`cannot ${doing} ${path}`, dirname(path), work);
  } catch (error) {
    if (!isOfThePath(error)) throw error;
    throw new BangerError("refused", "file_unusable", `cannot ${doing} ${path}: ${reasonOf(error)}`, {
      hint: `ls -ld ${path}`,
      cause: error,
    });
  }
}

/** Where minisign itself puts it. */
export function signaturePathOf(path: string): string {
  return `${path}.minisig`;
}

export function summaryOf(document: CatalogDocument | KeysDocument): DocumentSummary {
  const { name, version, issued, expires } = document;
  return "entries" in document
    ? { document: "catalog.json", name, version, issued, expires, entries: document.entries.length }
    : { document: "keys.json", name, version, issued, expires, entries: null };
}
