/** What a catalog becomes by one entry more. Pure. */
import { isDeepStrictEqual } from "node:util";
import { BangerError } from "../../contract/errors.ts";
import { problemsOf, wordProblem } from "../../contract/problems-of.ts";
import { wordIssue } from "../../contract/word-issue.ts";
import { formatCanonical, parseCanonical } from "../document/canonical.ts";
import { catalogDocument, keyOf, withEntry, type CatalogDocument, type DocumentEntry } from "../document/catalog-document.ts";
import { formatInstant } from "../document/fields.ts";
import { isSignedBy, parseSignature } from "../signing/minisign.ts";
import { commentFor } from "../signing/sign-document.ts";
import { splitSignatures } from "../signing/signature-file.ts";
import { signContent, type SigningKey } from "../signing/signing-key.ts";

export interface Patch {
  readonly entry: DocumentEntry;
  readonly key: SigningKey;
  /** How long the new version is good for; as long as the old one when undefined. */
  readonly validForMs: number | undefined;
  /** What a catalog that is not there yet is to call itself. */
  readonly newName: string | undefined;
}

export interface PatchedCatalog {
  readonly document: CatalogDocument;
  readonly bytes: Uint8Array;
  readonly signature: string;
}

const NEW_FOR_MS = 90 * 24 * 60 * 60_000;
/** As much as readers let a clock be wrong. */
const CLOCK_SLACK_MS = 24 * 60 * 60_000;
/** Of signatures beside the document: as many may publish at one time. */
const SIGNATURES_MOST = 16;

/** The document, which the key has signed. Throws `refused` `catalog_not_ours`: what somebody else has put there is not signed by us. */
export function readOwnCatalog(shown: string, bytes: Uint8Array, signatures: string | undefined, key: SigningKey): CatalogDocument {
  if (!isSignedByKey(bytes, signatures, key))
    throw new BangerError("refused", "catalog_not_ours", `cannot change ${shown}: it is not signed by key ${key.public.id}`, {
      hint: "look at what it is; if it is yours: banger catalog sign FILE --secret-key KEY --valid-for 90d",
    });
  try {
    return parseCanonical(bytes, catalogDocument);
  } catch (error) {
    throw new BangerError("refused", "catalog_not_understood", `cannot change ${shown}: ${(error as Error).message}`, { cause: error });
  }
}

export function isSignedByKey(bytes: Uint8Array, signatures: string | undefined, key: SigningKey): boolean {
  return trySplit(signatures).some((text) => isSignedBy(bytes, parseSignature(text), key.public));
}

/** Whether it says exactly that of this thing already. */
export function hasEntry(document: CatalogDocument, entry: DocumentEntry): boolean {
  return isDeepStrictEqual(entryLike(document, entry), entry);
}

/** What it says of the same thing. */
export function entryLike({ entries }: CatalogDocument, entry: DocumentEntry): DocumentEntry | undefined {
  return entries.find((other) => keyOf(other) === keyOf(entry));
}

/**
 * The next version, signed. @param document undefined where there is none. Throws `not_found` `catalog_not_found`, `refused` `clock_behind`,
 * `invalid` `bad_document`.
 */
export function patchCatalog(
  shown: string,
  document: CatalogDocument | undefined,
  { entry, key, validForMs, newName }: Patch,
  nowMs: number,
): PatchedCatalog {
  const before = document ?? newCatalog(shown, newName, nowMs);
  const [issuedMs, expiresMs] = [before.issued, before.expires].map((text) => Date.parse(text)) as [number, number];
  if (nowMs < issuedMs - CLOCK_SLACK_MS)
    throw new BangerError("refused", "clock_behind", `cannot change ${shown}: it was signed at ${before.issued}, which is to come`, {
      hint: "date, then set the clock right",
    });
  // The clock of whoever was before us may be a little ahead, and an instant may not go back.
  const startMs = Math.max(nowMs, issuedMs);
  const next = readNext(shown, newName, {
    ...before,
    version: before.version + 1,
    issued: formatInstant(startMs),
    expires: formatInstant(startMs + (validForMs ?? expiresMs - issuedMs)),
    entries: withEntry(before.entries, entry),
  });
  const bytes = Buffer.from(formatCanonical(next));
  return { document: next, bytes, signature: signContent(bytes, key, commentFor(next, nowMs)) };
}

/**
 * One signature more, before those that are there: of the version that is read now, and of those that others are about to put. The newest
 * is first, for minisign looks at no other.
 */
export function addSignature(signatures: string | undefined, added: string, current: Uint8Array | undefined, key: SigningKey): string {
  const others = trySplit(signatures);
  const isOfCurrent = (text: string): boolean => current !== undefined && isSignedBy(current, parseSignature(text), key.public);
  const recent = others.slice(0, SIGNATURES_MOST - 2);
  const kept = [...recent, ...others.slice(SIGNATURES_MOST - 2).filter(isOfCurrent)];
  return [added, ...kept].map((text) => `${text.trimEnd()}\n`).join("");
}

/** A name that no catalog can have, an entry too many, a year that is too late: the words are the user's. */
function readNext(shown: string, newName: string | undefined, next: unknown): CatalogDocument {
  const parsed = catalogDocument.safeParse(next, { error: wordIssue });
  if (parsed.success) return parsed.data;
  const isName = parsed.error.issues.some(({ path }) => path[0] === "name");
  const problems = parsed.error.issues.slice(0, 5).flatMap(problemsOf).map(wordProblem);
  throw new BangerError("invalid", "bad_document", `cannot change ${shown}: ${problems.join("; ")}`, {
    hint: isName && newName !== undefined ? "--catalog-name NAME, such as acme" : "look at what it says, or --valid-for 90d",
  });
}

function newCatalog(shown: string, name: string | undefined, nowMs: number): CatalogDocument {
  if (name === undefined)
    throw new BangerError("not_found", "catalog_not_found", `cannot change ${shown}: there is none yet`, {
      hint: "--catalog-name NAME makes one; look after the address first",
    });
  return { schema: 1, name, version: 0, issued: formatInstant(nowMs), expires: formatInstant(nowMs + NEW_FOR_MS), entries: [] };
}

function trySplit(text = ""): readonly string[] {
  try {
    return splitSignatures(text);
  } catch {
    // What is no signature is nobody's; it is not signed by us then.
    return [];
  }
}
