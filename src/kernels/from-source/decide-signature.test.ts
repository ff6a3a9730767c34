import { expect, test } from "bun:test";
import { decideDetached } from "./decide-signature.ts";

const KEY = "647F28654894E3BD457199BE38DBBDC86092693E";
/** Some minutes after it was signed. */
const NOW_MS = 1_767_226_000_000;
const OTHER = "0000000000000000000000000000000000000000";
const valid = (key: string, hash = "10", kind = "00"): string =>
  `[GNUPG:] VALIDSIG ${key} 2026-01-01 1767225600 0 4 0 1 ${hash} ${kind} ${key}`;
const status = (...lines: readonly string[]): string => ["[GNUPG:] NEWSIG", ...lines].join("\n");
const GOOD = "[GNUPG:] GOODSIG 38DBBDC86092693E Somebody";

test("a valid signature of a pinned key is believed", () => {
  expect(decideDetached(status(GOOD, valid(KEY)), [KEY], NOW_MS)).toEqual({ is: "valid", fingerprint: KEY });
});

test.each([
  ["nothing", "", "signature_missing"],
  ["GOODSIG alone", status(GOOD), "signature_not_valid"],
  ["VALIDSIG alone", status(valid(KEY)), "signature_not_valid"],
  ["another key", status(GOOD, valid(OTHER)), "signature_not_pinned"],
  ["one of two by another key", status(GOOD, valid(KEY), "[GNUPG:] NEWSIG", GOOD, valid(OTHER)), "signature_not_pinned"],
  ["an expired key", status("[GNUPG:] EXPKEYSIG 38DBBDC86092693E S", valid(KEY)), "signature_expired"],
  ["an expired signature", status("[GNUPG:] EXPSIG 38DBBDC86092693E S", valid(KEY)), "signature_expired"],
  ["a revoked key", status("[GNUPG:] REVKEYSIG 38DBBDC86092693E S", valid(KEY)), "signature_expired"],
  ["a bad one", status("[GNUPG:] BADSIG 38DBBDC86092693E S"), "signature_bad"],
  ["a bad one beside a good one", status(GOOD, valid(KEY), "[GNUPG:] BADSIG 38DBBDC86092693E S"), "signature_bad"],
  ["an unknown key", status("[GNUPG:] ERRSIG 1 1 10 00 1 9 -", "[GNUPG:] NO_PUBKEY 1"), "signature_not_pinned"],
  ["a weak hash", status(GOOD, valid(KEY, "2")), "signature_not_pinned"],
  ["a text's signature", status(GOOD, valid(KEY, "10", "01")), "signature_not_pinned"],
  ["one that is yet to be made", status(GOOD, valid(KEY).replace("1767225600", "1767312000")), "signature_from_future"],
  ["one of no time at all", status(GOOD, valid(KEY).replace("1767225600", "20260101T000000")), "signature_from_future"],
  ["a line that only looks like a status", status(GOOD, ` ${valid(KEY)}`), "signature_not_valid"],
])("refused: %s", (_what, text, code) => {
  expect(decideDetached(text, [KEY], NOW_MS)).toMatchObject({ is: "refused", code });
});
