/**
 * What gpgv's status lines say, decided.
 *
 * GOODSIG alone means little: gpgv says it for any key in the keyring. VALIDSIG names the primary key's fingerprint, but comes
 * also after EXPKEYSIG and REVKEYSIG. So each signature (from NEWSIG to the next) is taken as a whole: it counts when it has
 * GOODSIG and a VALIDSIG by a pinned key, with a hash that still stands. Signatures by keys that we do not have (ERRSIG) are
 * no harm beside one that counts: archives are signed by next year's key too. A BADSIG is. gpgv does not mind that a signature
 * was made at a time that is yet to come; sqv does, and so do we.
 */

import { readValidSignature, statusLinesOf, type StatusLine } from "../pgp/status-lines.ts";

export type SignatureVerdict =
  | { readonly is: "valid"; readonly fingerprint: string }
  | {
      readonly is: "refused";
      readonly code: "signature_bad" | "signature_missing" | "signature_not_pinned" | "signature_expired" | "signature_from_future";
      readonly why: string;
    };

const SPOILED = ["EXPSIG", "EXPKEYSIG", "REVKEYSIG", "BADSIG", "ERRSIG"];

/** What gpgv says when there is something before, between or after that is not the one signed text. */
const ODD = ["ERROR", "NODATA", "UNEXPECTED"];

/** @param pinned fingerprints of primary keys, 40 upper-case hex digits. */
export function decideSignature(status: string, pinned: readonly string[], nowMs: number): SignatureVerdict {
  const lines = statusLinesOf(status);
  const count = (keyword: string): number => lines.filter(([word]) => word === keyword).length;

  if (count("BADSIG") > 0) return refused("signature_bad", "its content was changed after signing");
  const isOdd = lines.some(([word]) => ODD.includes(word));
  if (isOdd || count("PLAINTEXT") !== 1) return refused("signature_missing", "it is not one signed text");
  const signatures = groupsOf(lines);
  if (signatures.length === 0) return refused("signature_missing", "it is not signed");

  let isFromFuture = false;
  for (const signature of signatures) {
    const line = signature.find(([word]) => word === "VALIDSIG");
    const valid = line === undefined ? undefined : readValidSignature(line, nowMs);
    const fingerprint = valid?.primary;
    if (valid === undefined || fingerprint === undefined || !pinned.includes(fingerprint)) continue;
    if (signature.some(([word]) => SPOILED.includes(word)) || !signature.some(([word]) => word === "GOODSIG")) continue;
    if (!valid.hasSoundHash) continue;
    isFromFuture = valid.isFromFuture;
    if (isFromFuture) continue;
    return { is: "valid", fingerprint };
  }

  if (isFromFuture) return refused("signature_from_future", "it was signed later than this computer's clock says that it is");
  const expired = lines.find(([word]) => ["EXPKEYSIG", "REVKEYSIG", "EXPSIG"].includes(word));
  if (expired !== undefined) return refused("signature_expired", `its signing key ${expired[1] ?? ""} or signature is expired or revoked`);
  return refused("signature_not_pinned", "none of its signatures is a sound one by a key that banger trusts");
}

function groupsOf(lines: readonly StatusLine[]): readonly (readonly StatusLine[])[] {
  const groups: StatusLine[][] = [];
  for (const line of lines) {
    if (line[0] === "NEWSIG") groups.push([]);
    else groups.at(-1)?.push(line);
  }
  return groups;
}

function refused(code: Extract<SignatureVerdict, { is: "refused" }>["code"], why: string): SignatureVerdict {
  return { is: "refused", code, why };
}
