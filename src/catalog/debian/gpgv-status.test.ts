import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decideSignature } from "./gpgv-status.ts";

const PINNED = "A".repeat(40);
const OTHER = "B".repeat(40);
const SUB = "C".repeat(40);
const SIGNED_AT = 1795222383;

const status = (...lines: readonly string[]): string => ["PLAINTEXT 74 0 ", ...lines].map((line) => `[GNUPG:] ${line}\n`).join("");
const valid = (primary: string, hash = "8", at: number | string = SIGNED_AT): string =>
  `VALIDSIG ${SUB} 2026-11-21 ${at} 0 4 0 1 ${hash} 01 ${primary}`;
const good = ["NEWSIG", "GOODSIG 0123456789ABCDEF Somebody"];
const decide = (text: string): string => {
  const verdict = decideSignature(text, [PINNED], SIGNED_AT * 1000);
  return verdict.is === "valid" ? `valid by ${verdict.fingerprint}` : verdict.code;
};

describe("a signature counts", () => {
  test.each([
    ["when it is good and valid by a pinned primary key", status(...good, valid(PINNED)), `valid by ${PINNED}`],
    [
      "beside one by an unknown key",
      status("NEWSIG", "ERRSIG 01 1 8 01 1 9", "NO_PUBKEY 01", ...good, valid(PINNED)),
      `valid by ${PINNED}`,
    ],
    ["when its clock is half an hour ahead", status(...good, valid(PINNED, "8", SIGNED_AT + 1800)), `valid by ${PINNED}`],
    ["beside one from the future", status(...good, valid(PINNED, "8", SIGNED_AT + 90_000), ...good, valid(PINNED)), `valid by ${PINNED}`],
    ["beside one by an expired key", status("NEWSIG", "EXPKEYSIG 01 Old", valid(OTHER), ...good, valid(PINNED)), `valid by ${PINNED}`],
  ])("%s", (_name, text, verdict) => {
    expect(decide(text)).toBe(verdict);
  });
});

describe("a signature does not count", () => {
  test.each([
    ["with GOODSIG alone", status(...good), "signature_not_pinned"],
    ["with VALIDSIG alone", status("NEWSIG", valid(PINNED)), "signature_not_pinned"],
    ["by a key that is not pinned", status(...good, valid(OTHER)), "signature_not_pinned"],
    ["by a subkey that calls itself as the pinned one", status(...good, valid(OTHER).replace(SUB, PINNED)), "signature_not_pinned"],
    ["by a pinned key that is expired", status("NEWSIG", "EXPKEYSIG 01 Old", valid(PINNED)), "signature_expired"],
    ["by a pinned key that is revoked", status("NEWSIG", "REVKEYSIG 01 Old", valid(PINNED)), "signature_expired"],
    ["when it is itself expired", status("NEWSIG", "EXPSIG 01 Old", valid(PINNED)), "signature_expired"],
    ["with the GOODSIG of its neighbour", status(...good, "NEWSIG", valid(PINNED)), "signature_not_pinned"],
    ["with SHA-1", status(...good, valid(PINNED, "2")), "signature_not_pinned"],
    ["from tomorrow", status(...good, valid(PINNED, "8", SIGNED_AT + 90_000)), "signature_from_future"],
    ["with a time that is no number", status(...good, valid(PINNED, "8", "20400101T000000")), "signature_from_future"],
    ["beside a bad one", status(...good, valid(PINNED), "NEWSIG", "BADSIG 01 X"), "signature_bad"],
    ["over two texts", status("PLAINTEXT 74 0 ", ...good, valid(PINNED)), "signature_missing"],
    ["before an error", status(...good, valid(PINNED), "ERROR proc_pkt.plaintext 89_BAD_DATA"), "signature_missing"],
    ["outside a status line", status().concat(`gpgv: [GNUPG:] NEWSIG\n ${valid(PINNED)}\n`), "signature_missing"],
    ["when there is none", status("NODATA 4"), "signature_missing"],
    ["when nothing was said", "", "signature_missing"],
  ])("%s", (_name, text, code) => {
    expect(decide(text)).toBe(code);
  });

  test("in whatever is said without a pinned fingerprint", () => {
    const word = fc.constantFrom("NEWSIG", "GOODSIG 01 X", valid(OTHER), "ERRSIG 01 1", "EXPKEYSIG 01", "PLAINTEXT 74 0 ", "NODATA 1");
    fc.assert(fc.property(fc.array(word), (lines) => !decide(lines.map((line) => `[GNUPG:] ${line}\n`).join("")).startsWith("valid")));
  });
});
