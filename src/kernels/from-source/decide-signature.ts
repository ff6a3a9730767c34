/**
 * What gpg's status lines say of a detached signature, decided. GOODSIG alone says only that some key in the keyring fits; VALIDSIG names
 * the key, but comes also when it has expired or was revoked. So both must be there, and nothing that spoils them, of any signature.
 */

import { readValidSignature, statusLinesOf } from "../../catalog/catalog.ts";

export type DetachedVerdict =
  | { readonly is: "valid"; readonly fingerprint: string }
  | { readonly is: "refused"; readonly code: string; readonly why: string };

/** @param pinned fingerprints of primary keys or subkeys, 40 upper-case hex digits. */
export function decideDetached(status: string, pinned: readonly string[], nowMs: number): DetachedVerdict {
  const lines = statusLinesOf(status);
  const has = (...words: readonly string[]): boolean => lines.some(([word]) => words.includes(word));
  if (has("BADSIG")) return refused("signature_bad", "its content is not what was signed");
  if (has("EXPKEYSIG", "EXPSIG", "REVKEYSIG", "KEYREVOKED")) {
    return refused("signature_expired", "the signature or its key has expired or was revoked");
  }
  if (has("NO_PUBKEY")) return refused("signature_not_pinned", "it is signed by a key that is none of the release signers'");
  if (has("ERRSIG", "ERROR", "FAILURE", "UNEXPECTED", "BADARMOR") || !has("NEWSIG")) {
    return refused("signature_missing", "what should be its signature is none");
  }
  const valid = lines.filter(([word]) => word === "VALIDSIG");
  if (valid.length === 0 || lines.filter(([word]) => word === "GOODSIG").length !== valid.length) {
    return refused("signature_not_valid", "gpg does not call its signature valid");
  }
  const read = valid.map((line) => readValidSignature(line, nowMs));
  if (read.some(({ isFromFuture }) => isFromFuture)) {
    return refused("signature_from_future", "it was signed later than this computer's clock says that it is");
  }
  const keys = read.map(({ signer, primary, hasSoundHash, class: kind }) =>
    hasSoundHash && kind === "00" ? [primary, signer].find((key) => key !== undefined && pinned.includes(key)) : undefined,
  );
  const [fingerprint] = keys;
  if (fingerprint === undefined || keys.includes(undefined)) {
    return refused("signature_not_pinned", "it is signed by a key that is none of the release signers'");
  }
  return { is: "valid", fingerprint };
}

function refused(code: string, why: string): DetachedVerdict {
  return { is: "refused", code, why };
}
