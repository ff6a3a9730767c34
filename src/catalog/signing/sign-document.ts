/**
 * Signs a document of a catalog where it lies: `catalog.json` or `keys.json`, whichever its content is. What is signed is the one form that
 * such a document has, so it is put into that first: a person may write it as they like.
 */
import { isDeepStrictEqual } from "node:util";
import { BangerError } from "../../contract/errors.ts";
import type { SignedDocument, SignRequest } from "../../contract/local-work.ts";
import { problemsOf, wordProblem } from "../../contract/problems-of.ts";
import { wordIssue } from "../../contract/word-issue.ts";
import type { System } from "../../system/system.ts";
import { formatCanonical } from "../document/canonical.ts";
import { catalogDocument, keyOf, type CatalogDocument } from "../document/catalog-document.ts";
import { formatInstant } from "../document/fields.ts";
import { keysDocument, type KeysDocument } from "../document/keys-document.ts";
import { DOCUMENT_MAX_BYTES, SIGNATURES_MAX_BYTES, signaturePathOf, summaryOf } from "./document-files.ts";
import { isUnderPassword, parseSigningKey, signContent, type SigningKey } from "./signing-key.ts";
import { joinSignatures, splitSignatures } from "./signature-file.ts";

const KEY_MAX_BYTES = 4096;
/** Others are to read it: it is published. */
const PUBLIC_MODE = 0o644;

/** Throws `invalid` `bad_document`, `refused` `bad_signing_key`, and what `askPassword` throws. The document is written before its signature. */
export async function signDocument({ files, clock }: System, request: SignRequest): Promise<SignedDocument> {
  const { path, secretKeyPath, validForMs, askPassword } = request;
  const key = await readKey(files, secretKeyPath, askPassword);
  const before = await files.read(path, DOCUMENT_MAX_BYTES);
  const document = readDraft(path, before, validForMs, clock.nowMs());
  const bytes = Buffer.from(formatCanonical(document));
  const isChanged = !isDeepStrictEqual(Buffer.from(before), bytes);
  const signaturePath = signaturePathOf(path);
  const seconds = Math.floor(clock.nowMs() / 1000);
  const added = signContent(bytes, key, `timestamp:${seconds}\tcatalog:${document.name}\tversion:${document.version}`);
  // Those of another content say nothing any more.
  const others = isChanged ? [] : await readOthers(files, signaturePath);
  if (isChanged) await files.write(path, bytes, PUBLIC_MODE);
  await files.write(signaturePath, joinSignatures(others, added), PUBLIC_MODE);
  return { ...summaryOf(document), keyId: key.public.id, publicKey: key.public.text, signaturePath };
}

async function readKey(files: System["files"], path: string, askPassword: () => Promise<string>): Promise<SigningKey> {
  const text = await files.readText(path, KEY_MAX_BYTES);
  try {
    return await parseSigningKey(text, isUnderPassword(text) ? await askPassword() : undefined);
  } catch (error) {
    if (error instanceof BangerError) throw error;
    throw new BangerError("refused", "bad_signing_key", `cannot sign with ${path}: ${(error as Error).message}`, {
      hint: "a secret key as banger catalog keygen or minisign -G makes it",
      cause: error,
    });
  }
}

function readDraft(path: string, bytes: Uint8Array, validForMs: number | undefined, nowMs: number): CatalogDocument | KeysDocument {
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
  if (!parsed.success) throw badDocument(path, parsed.error.issues.flatMap(problemsOf).map(wordProblem), validForMs);
  if (Date.parse(parsed.data.expires) <= nowMs) throw badDocument(path, [`it expired at ${parsed.data.expires}`], validForMs);
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
  throw badDocument(path, [why], 0);
}

/** What is no entry is left where it is, for the schema to tell. */
function sortDrafts(entries: readonly unknown[]): readonly unknown[] {
  const word = (entry: unknown): string => keyOf({ type: "", name: "", arch: "", ...(entry as object) } as never);
  return entries.toSorted((a, b) => (word(a) < word(b) ? -1 : 1));
}

async function readOthers(files: System["files"], path: string): Promise<readonly string[]> {
  if ((await files.find(path)) === undefined) return [];
  try {
    return splitSignatures(await files.readText(path, SIGNATURES_MAX_BYTES));
  } catch {
    // What is no signature is replaced.
    return [];
  }
}

function badDocument(path: string, problems: readonly string[], validForMs: number | undefined): BangerError {
  return new BangerError("invalid", "bad_document", `cannot sign ${path}: ${problems.slice(0, 5).join("; ")}`, {
    hint: validForMs === undefined ? "--valid-for 90d writes version, issued and expires" : "docs/kernel-catalog.md shows one",
  });
}
