/** A document of a catalog as a file, and what is told of it. */
import type { DocumentSummary } from "../../contract/local-work.ts";
import type { CatalogDocument } from "../document/catalog-document.ts";
import type { KeysDocument } from "../document/keys-document.ts";

/** Of a catalog with all the entries that it may have. */
export const DOCUMENT_MAX_BYTES = 16 * 2 ** 20;
export const SIGNATURES_MAX_BYTES = 64 * 2 ** 10;

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
