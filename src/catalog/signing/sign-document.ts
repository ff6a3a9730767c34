/**
 * Signs a document of a catalog where it lies: `catalog.json` or `keys.json`, whichever its content is. What is signed is the one form that
 * such a document has, so it is put into that first: a person may write it as they like.
 */
import { BangerError } from "../../contract/errors.ts";
import type { SignedDocument, SignRequest } from "../../contract/local-work.ts";
import { problemsOf, wordProblem } from "../../contract/problems-of.ts";
import { wordIssue } from "../../contract/word-issue.ts";
import type { System } from "../../system/system.ts";
import { formatCanonical } from "../document/canonical.ts";
import { catalogDocument, keyOf, type CatalogDocument } from "../document/catalog-document.ts";
import { formatInstant } from "../document/fields.ts";
import { keysDocument, type KeysDocument } from "../document/keys-document.ts";
import { isSignedBy, parsePublicKey, parseSignature } from "./minisign.ts";
import { DOCUMENT_MAX_BYTES, onFile, SIGNATURES_MAX_BYTES, signaturePathOf, summaryOf } from "./document-files.ts";
import { readSigningKey } from "./read-signing-key.ts";
import { withFolderLock } from "./with-folder-lock.ts";
import { signContent, type SigningKey } from "./signing-key.ts";
import { joinSignatures, splitSignatures } from "./signature-file.ts";

export const MINUTE_MS = 60_000;
export const LONGEST_MS = 3653 * 24 * 60 * MINUTE_MS;
/** Others are to read it: it is published. */
export const PUBLIC_MODE = 0o644;
const SHOWN = "docs/kernel-catalog.md shows one";

/** Throws `invalid` `bad_document`, `refused` `bad_signing_key`, and what `askPassword` throws. The document is written before its signature. */
export async function signDocument(system: System, request: SignRequest): Promise<SignedDocument> {
  // A password may take a while to be typed.
  const key = await readSigningKey(system.files, request.secretKeyPath, request.askPassword);
  return withFolderLock(system, request.path, undefined, () => signLocked(system, request, key));
}

async function signLocked({ files, clock }: System, { path, validForMs }: SignRequest, key: SigningKey): Promise<SignedDocument> {
  // A rename would put a file in the place of a link, and a pipe would be waited for without an end.
  const info = await onFile("read", path, () => files.find(path));
  if (info !== undefined && info.kind !== "file" && info.kind !== "folder")
    throw new BangerError("refused", "file_unusable", `cannot sign ${path}: it is ${info.kind === "link" ? "a link" : "no file"}`, {
      hint: `ls -ld ${path}; name the file itself`,
    });
  const before = await onFile("read", path, () => files.read(path, DOCUMENT_MAX_BYTES));
  const document = readDraft(path, before, validForMs, clock.nowMs());
  const bytes = Buffer.from(formatCanonical(document));
  const isChanged = !bytes.equals(before);
  const signaturePath = signaturePathOf(path);
  const added = signContent(bytes, key, commentFor(document, clock.nowMs()));
  // Those of another content say nothing any more; of a catalog one is enough.
  const others = isChanged || "entries" in document ? [] : stillGood(document, bytes, await readOthers(files, signaturePath));
  if (isChanged) await onFile("write", path, () => files.write(path, bytes, PUBLIC_MODE));
  await onFile("write", signaturePath, () => files.write(signaturePath, joinSignatures(others, added), PUBLIC_MODE));
  return { ...summaryOf(document), keyId: key.public.id, publicKey: key.public.text, signaturePath };
}

/** What a signature vouches for besides the content. */
export function commentFor({ name, version }: Pick<CatalogDocument, "name" | "version">, nowMs: number): string {
  return `timestamp:${Math.floor(nowMs / 1000)}\tcatalog:${name}\tversion:${version}`;
}

/** A root that signed an older content has not signed this one. Whose key is not in the document may be a root of before: that stays. */
function stillGood({ roots }: KeysDocument, bytes: Uint8Array, texts: readonly string[]): readonly string[] {
  const known = roots.map(parsePublicKey);
  return texts.filter((text) => {
    const signature = parseSignature(text);
    const key = known.find(({ id }) => id === signature.keyId);
    return key === undefined || isSignedBy(bytes, signature, key);
  });
}

function readDraft(path: string, bytes: Uint8Array, validForMs: number | undefined, nowMs: number): CatalogDocument | KeysDocument {
  if (validForMs !== undefined && (validForMs < MINUTE_MS || validForMs > LONGEST_MS))
    throw badDocument(path, ["it can be good for a minute to ten years"], "--valid-for 90d");
  const hint = validForMs === undefined ? "--valid-for 90d writes version, issued and expires" : SHOWN;
  const draft = parseJson(path, bytes);
  const isCatalog = "entries" in draft;
  const entries = isCatalog && Array.isArray(draft["entries"]) ? { entries: sortDrafts(draft["entries"]) } : {};
  const renewed =
    validForMs === undefined
      ? {}
      : {
          version: typeof draft["version"] === "number" ? draft["version"] + 1 : 1,
          issued: formatInstant(nowMs),
          expires: formatInstant(nowMs + validForMs),
        };
  const parsed = (isCatalog ? catalogDocument : keysDocument).safeParse({ ...draft, ...entries, ...renewed }, { error: wordIssue });
  if (!parsed.success) throw badDocument(path, parsed.error.issues.flatMap(problemsOf).map(wordProblem), hint);
  const { issued, expires } = parsed.data;
  if (Date.parse(expires) <= nowMs) throw badDocument(path, [`it expired at ${expires}`], hint);
  if (Date.parse(issued) > nowMs) throw badDocument(path, [`it says that it is signed at ${issued}, which is to come`], hint);
  return parsed.data;
}

function parseJson(path: string, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let why = "it is no object";
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    why = `it is no JSON: ${(error as Error).message}`;
  }
  throw badDocument(path, [why], SHOWN);
}

/** What is no entry is left where it is, for the schema to tell. */
function sortDrafts(entries: readonly unknown[]): readonly unknown[] {
  const word = (entry: unknown): string => {
    const { type, name, arch } = (entry ?? {}) as Readonly<Record<string, unknown>>;
    const [typeText = "", nameText = "", archText = ""] = [type, name, arch].map((value) => (typeof value === "string" ? value : ""));
    return keyOf({ type: typeText, name: nameText, arch: archText });
  };
  return entries.toSorted((a, b) => (word(a) < word(b) ? -1 : 1));
}

async function readOthers(files: System["files"], path: string): Promise<readonly string[]> {
  if ((await files.find(path)) === undefined) return [];
  const text = await onFile("read", path, () => files.readText(path, SIGNATURES_MAX_BYTES));
  try {
    return splitSignatures(text);
  } catch (error) {
    throw new BangerError("refused", "bad_signatures", `cannot add a signature to ${path}: ${(error as Error).message}`, {
      hint: `look at it, and move it away: mv ${path} ${path}.old`,
      cause: error,
    });
  }
}

function badDocument(path: string, problems: readonly string[], hint: string): BangerError {
  return new BangerError("invalid", "bad_document", `cannot sign ${path}: ${problems.slice(0, 5).join("; ")}`, { hint });
}
