import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isSignedBy, parsePublicKey, parseSignature } from "./minisign.ts";
import { keyFiles, makeSigningKey, parseSigningKey, signContent } from "./signing-key.ts";

const key = makeSigningKey();
const other = makeSigningKey();
const content = fc.uint8Array({ maxLength: 300 });
const comment = fc.stringMatching(/^[ -~]{0,80}$/);

/** What a parser threw in words, or what it gave; anything else comes through. */
function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Error && error.constructor === Error) return undefined;
    throw error;
  }
}

const isGood = (bytes: Uint8Array, signature: string, publicKey = key.public): boolean => {
  const parsed = attempt(() => parseSignature(signature));
  return parsed !== undefined && isSignedBy(bytes, parsed, publicKey);
};

describe("a signature", () => {
  test("is good for what was signed, with its comment, and for no other key", () => {
    fc.assert(
      fc.property(content, comment, (bytes, said) => {
        const text = signContent(bytes, key, said);
        expect(isGood(bytes, text)).toBe(true);
        expect(parseSignature(text)).toMatchObject({ keyId: key.public.id, trustedComment: said });
        expect(isGood(bytes, text, other.public)).toBe(false);
        // With the id of the one and the key of the other.
        expect(isGood(bytes, text, { ...other.public, id: key.public.id })).toBe(false);
      }),
    );
  });

  test("is good for nothing once a character of it, or a byte of the content, was changed", () => {
    const bytes = Buffer.from("what was signed");
    const text = signContent(bytes, key, "timestamp:1");
    const first = text.indexOf("\n") + 1;
    fc.assert(
      fc.property(fc.integer({ min: first, max: text.length - 2 }), fc.stringMatching(/^[ -~\n\t]{0,2}$/), (at, piece) => {
        const changed = text.slice(0, at) + piece + text.slice(at + 1);
        fc.pre(changed !== text);
        expect(isGood(bytes, changed)).toBe(false);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ by;
        expect(isGood(changed, text)).toBe(false);
      }),
    );
  });

  test("of anything is parsed or refused in words", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void attempt(() => parseSignature(text))));
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void attempt(() => parsePublicKey(text))));
  });

  test("with a comment of two lines is not made", () => {
    expect(() => signContent(new Uint8Array(), key, "a\nb")).toThrow("control characters");
    expect(() => signContent(new Uint8Array(), key, "a".repeat(2000))).toThrow("more than");
  });
});

describe("a key", () => {
  test("is read from its files as it was", async () => {
    const files = keyFiles(key);
    expect(parsePublicKey(files.public).text).toBe(key.public.text);
    expect(parsePublicKey(` ${key.public.text}\n`).id).toBe(key.public.id);
    const again = await parseSigningKey(files.secret, undefined);
    expect(isGood(Buffer.from("x"), signContent(Buffer.from("x"), again, ""))).toBe(true);
  });

  test("that was damaged is refused", async () => {
    const [comment = "", line = ""] = keyFiles(key).secret.split("\n");
    const bytes = Buffer.from(line, "base64");
    for (let at = 54; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(parseSigningKey(`${comment}\n${changed.toString("base64")}\n`, undefined)).rejects.toThrow("it is damaged");
    }
  });

  test("whose password asks for the earth is refused at once", async () => {
    const [comment = "", line = ""] = keyFiles(key).secret.split("\n");
    const bytes = Buffer.from(line, "base64");
    bytes.write("Sc", 2, "latin1");
    bytes.writeBigUInt64LE(2n ** 40n, 46);
    await expect(parseSigningKey(`${comment}\n${bytes.toString("base64")}\n`, "x")).rejects.toThrow("more work");
  });
});
