/** Checks a document of a catalog that lies on this computer, as whoever adds the catalog would. */
import { BangerError } from "../../contract/errors.ts";
import type { VerifiedDocument, VerifyRequest } from "../../contract/local-work.ts";
import { catalogName } from "../../contract/schemas/catalog-names.ts";
import type { System } from "../../system/system.ts";
import { acceptCatalog, acceptKeys, firstTrust } from "../trust/trust.ts";
import { keysDocument } from "../document/keys-document.ts";
import { parseCanonical } from "../document/canonical.ts";
import { DOCUMENT_MAX_BYTES, KEY_MAX_BYTES, onFile, SIGNATURES_MAX_BYTES, signaturePathOf, summaryOf } from "./document-files.ts";
import { isSignedBy, parsePublicKey, parseSignature, type PublicKey } from "./minisign.ts";
import { splitSignatures } from "./signature-file.ts";

/** Throws `refused` for what nobody would believe, `invalid` `bad_public_key`, and `not_found` `file_not_found`. */
export async function verifyDocument({ files, clock }: System, { path, keys }: VerifyRequest): Promise<VerifiedDocument> {
  const read = await Promise.all(keys.map((word) => readPublicKey(files, word)));
  const believed = [...new Map(read.map((key) => [key.text, key])).values()];
  const bytes = await onFile("read", path, () => files.read(path, DOCUMENT_MAX_BYTES));
  const signatures = await readSignatures(files, signaturePathOf(path));
  const trust = firstTrust(
    nameIn(bytes),
    believed.map(({ text }) => text),
  );
  const signed = { bytes, signatures };
  const isCatalog = keyOfObject(bytes, "entries") !== undefined;
  const summary = isCatalog
    ? summaryOf(acceptCatalog(trust, signed, clock.nowMs()).document)
    : (acceptKeys(trust, signed, clock.nowMs()), summaryOf(parseCanonical(bytes, keysDocument)));
  const signedBy = believed.filter((key) => signatures.some((text) => isSignedBy(bytes, parseSignature(text), key))).map(({ id }) => id);
  return { ...summary, signedBy };
}

/** A key, or the file of one. */
async function readPublicKey(files: System["files"], word: string): Promise<PublicKey> {
  const isFile = word.startsWith("/");
  try {
    return parsePublicKey(isFile ? await onFile("read", word, () => files.readText(word, KEY_MAX_BYTES)) : word);
  } catch (error) {
    if (error instanceof BangerError) throw error;
    throw new BangerError("invalid", "bad_public_key", `cannot take the key ${word}: ${(error as Error).message}`, {
      hint: "a line of 56 characters that begins with RW, or the file with it",
      cause: error,
    });
  }
}

async function readSignatures(files: System["files"], path: string): Promise<readonly string[]> {
  if ((await files.find(path)) === undefined)
    throw new BangerError("refused", "catalog_badly_signed", `cannot verify it: there is no signature ${path}`, {
      hint: "banger catalog sign FILE --secret-key KEY",
    });
  try {
    return splitSignatures(await onFile("read", path, () => files.readText(path, SIGNATURES_MAX_BYTES)));
  } catch (error) {
    if (error instanceof BangerError) throw error;
    throw new BangerError("refused", "catalog_badly_signed", `cannot use ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Nothing is believed of it: the check that follows asks for the same name and form. */
function nameIn(bytes: Uint8Array): string {
  const { data } = catalogName.safeParse(keyOfObject(bytes, "name"));
  return data ?? "without a name";
}

function keyOfObject(bytes: Uint8Array, key: string): unknown {
  try {
    return (JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown> | null)?.[key];
  } catch {
    return undefined;
  }
}
