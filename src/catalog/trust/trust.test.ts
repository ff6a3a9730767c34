import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BangerError } from "../../contract/errors.ts";
import { formatCanonical } from "../document/canonical.ts";
import { keyOf, sortEntries, withEntry, type CatalogDocument, type DocumentEntry } from "../document/catalog-document.ts";
import { formatInstant } from "../document/fields.ts";
import type { KeysDocument } from "../document/keys-document.ts";
import { makeSigningKey, signContent, type SigningKey } from "../signing/signing-key.ts";
import { acceptCatalog, acceptKeys, firstTrust, requireUsable, type SignedBytes, type Trust } from "./trust.ts";

const NOW = Date.UTC(2026, 10, 26);
const DAY = 24 * 60 * 60_000;
const [root, secondRoot, release, laterRelease, stranger] = Array.from({ length: 5 }, makeSigningKey) as [
  SigningKey,
  SigningKey,
  SigningKey,
  SigningKey,
  SigningKey,
];

const entry: DocumentEntry = {
  type: "kernel",
  name: "generic-6.12",
  distro: "banger",
  arch: "amd64",
  version: "6.12.117",
  description: "for tests",
  bundle: { url: "generic-6.12-amd64-0123456789abcdef.tar.zst", sha256: "0".repeat(64), bytes: 5 },
};

function catalog(change: Partial<CatalogDocument> = {}): CatalogDocument {
  const times = { issued: formatInstant(NOW), expires: formatInstant(NOW + 30 * DAY) };
  return { schema: 1, name: "acme", version: 5, ...times, entries: [entry], ...change };
}

function keys(change: Partial<KeysDocument> = {}): KeysDocument {
  const times = { issued: formatInstant(NOW), expires: formatInstant(NOW + 300 * DAY) };
  const [roots, releases] = [[root.public.text], [release.public.text]];
  return { schema: 1, name: "acme", version: 1, ...times, roots, threshold: 1, releases, ...change };
}

function signed(document: unknown, ...by: readonly SigningKey[]): SignedBytes {
  const bytes = Buffer.from(typeof document === "string" ? document : formatCanonical(document));
  return { bytes, signatures: by.map((key) => signContent(bytes, key, "")) };
}

/** The code of the refusal, or what was accepted. */
function outcome(body: () => Trust): string {
  try {
    body();
    return "accepted";
  } catch (error) {
    if (error instanceof BangerError) return error.code;
    throw error;
  }
}

const fresh = firstTrust("acme", [root.public.text]);
const take = (trust: Trust, document: SignedBytes, nowMs = NOW): Trust => acceptCatalog(trust, document, nowMs).trust;
/** `keys.json` seen, and a catalog of version 5. */
const settled = take(acceptKeys(fresh, signed(keys(), root), NOW), signed(catalog(), release));

describe("a catalog", () => {
  test("is believed when a key that was given signs it, or one that `keys.json` names", () => {
    expect(take(fresh, signed(catalog(), root)).catalog?.version).toBe(5);
    expect(settled.catalog?.version).toBe(5);
    expect(take(settled, signed(catalog({ version: 6 }), release)).catalog?.version).toBe(6);
  });

  const attacks: Record<string, readonly [code: string, attack: () => Trust]> = {
    "rollback: an older one": ["catalog_older", () => take(settled, signed(catalog({ version: 4 }), release))],
    "mix: another one of the same version": ["catalog_older", () => take(settled, signed(catalog({ entries: [] }), release))],
    "freeze: one that has expired": ["catalog_expired", () => take(settled, signed(catalog({ version: 6 }), release), NOW + 31 * DAY)],
    "freeze: keys that have expired": [
      "catalog_expired",
      () => take(settled, signed(catalog({ version: 6, expires: formatInstant(NOW + 900 * DAY) }), release), NOW + 301 * DAY),
    ],
    "a stranger's key": ["catalog_badly_signed", () => take(settled, signed(catalog({ version: 6 }), stranger))],
    "no signature": ["catalog_badly_signed", () => take(settled, signed(catalog({ version: 6 })))],
    "the root's own signature, once there are keys for that": [
      "catalog_badly_signed",
      () => take(settled, signed(catalog({ version: 6 }), root)),
    ],
    "another catalog of the same keeper": ["other_catalog", () => take(settled, signed(catalog({ name: "other", version: 6 }), release))],
    "a clock that was set back": ["clock_behind", () => take(settled, signed(catalog({ version: 6 }), release), NOW - 2 * DAY)],
    "keys: rollback": [
      "catalog_older",
      () => acceptKeys(acceptKeys(settled, signed(keys({ version: 3 }), root), NOW), signed(keys({ version: 2 }), root), NOW),
    ],
    "keys signed by a release key": ["catalog_badly_signed", () => acceptKeys(settled, signed(keys({ version: 2 }), release), NOW)],
    "keys whose new roots did not sign": [
      "catalog_badly_signed",
      () => acceptKeys(settled, signed(keys({ version: 2, roots: [secondRoot.public.text] }), root), NOW),
    ],
    "keys with too few of their roots": [
      "catalog_badly_signed",
      () =>
        acceptKeys(settled, signed(keys({ version: 2, roots: [root, secondRoot].map((key) => key.public.text), threshold: 2 }), root), NOW),
    ],
    "a key that was taken out of use": [
      "catalog_badly_signed",
      () => {
        const rotated = acceptKeys(settled, signed(keys({ version: 2, releases: [laterRelease.public.text] }), root), NOW);
        return take(rotated, signed(catalog({ version: 9 }), release));
      },
    ],
    "a text in another form": [
      "catalog_not_understood",
      () => take(settled, signed(formatCanonical(catalog({ version: 6 })).replace('"version": 6', '"version": 6.0'), release)),
    ],
    "a key twice": [
      "catalog_not_understood",
      () =>
        take(settled, signed(formatCanonical(catalog({ version: 6 })).replace('"version": 6', '"version": 1,\n  "version": 6'), release)),
    ],
  };
  test.each(Object.entries(attacks))("is refused: %s", (_name, [code, attack]) => expect(outcome(attack)).toBe(code));

  test("after a key was stolen and taken out of use begins anew, however high its thief went (fast-forward)", () => {
    const stolen = take(settled, signed(catalog({ version: Number.MAX_SAFE_INTEGER }), release));
    const rotated = acceptKeys(stolen, signed(keys({ version: 2, releases: [laterRelease.public.text] }), root), NOW);
    expect(take(rotated, signed(catalog({ version: 6 }), laterRelease)).catalog?.version).toBe(6);
  });

  test("goes on after its roots handed over, and the old ones count no more", () => {
    const handedOver = acceptKeys(settled, signed(keys({ version: 2, roots: [secondRoot.public.text] }), root, secondRoot), NOW);
    expect(take(handedOver, signed(catalog({ version: 6 }), release)).catalog?.version).toBe(6);
    expect(outcome(() => acceptKeys(handedOver, signed(keys({ version: 3 }), root), NOW))).toBe("catalog_badly_signed");
  });

  test("that was accepted may be used until it expires, by a clock that is not behind", () => {
    requireUsable(settled, NOW + 29 * DAY);
    for (const nowMs of [NOW + 31 * DAY, NOW - 2 * DAY]) {
      expect(outcome(() => (requireUsable(settled, nowMs), settled))).toBe(nowMs < NOW ? "clock_behind" : "catalog_expired");
    }
  });

  test("changed anywhere is refused, and so is its signature", () => {
    const good = signed(catalog({ version: 6 }), release);
    const [signature = ""] = good.signatures;
    const first = signature.indexOf("\n") + 1;
    fc.assert(
      fc.property(fc.nat(good.bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const bytes = Uint8Array.from(good.bytes);
        bytes[at] = (bytes[at] ?? 0) ^ by;
        expect(outcome(() => take(settled, { ...good, bytes }))).toBe("catalog_badly_signed");
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.integer({ min: first, max: signature.length - 2 }), fc.string({ maxLength: 2 }), (at, piece) => {
        const changed = signature.slice(0, at) + piece + signature.slice(at + 1);
        fc.pre(changed !== signature);
        expect(outcome(() => take(settled, { ...good, signatures: [changed] }))).toBe("catalog_badly_signed");
      }),
      { numRuns: 300 },
    );
  });
});

test("entries keep their order, and one takes the place of the one it is", () => {
  const image: DocumentEntry = {
    type: "image",
    name: "a",
    distro: "debian",
    arch: "amd64",
    kernelRef: "generic-6.12",
    description: "",
    debian: { suite: "bookworm", packages: ["systemd"] },
  };
  const both = withEntry([entry], image);
  expect(both.map(keyOf)).toEqual(["image a amd64", "kernel generic-6.12 amd64"]);
  expect(withEntry(both, { ...entry, description: "newer" }).map(({ description }) => description)).toEqual(["", "newer"]);
  expect(sortEntries(both.toReversed())).toEqual(both);
  expect(take(fresh, signed(catalog({ entries: [...both] }), root)).catalog?.version).toBe(5);
  expect(outcome(() => take(fresh, signed(catalog({ entries: [...both.toReversed()] }), root)))).toBe("catalog_not_understood");
});
