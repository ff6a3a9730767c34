/** The real minisign and ours sign and check for each other. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSignedBy, parsePublicKey, parseSignature } from "../../src/catalog/signing/minisign.ts";
import { isUnderPassword, keyFiles, makeSigningKey, parseSigningKey, signContent } from "../../src/catalog/signing/signing-key.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "banger-minisign-"));
  writeFileSync(join(folder, "content"), CONTENT);
});
afterAll(() => rmSync(folder, { recursive: true }));

const CONTENT = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 251));
const read = (name: string): string => readFileSync(join(folder, name), "utf8");

function minisign(words: readonly string[], input = ""): { readonly code: number; readonly said: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["minisign", ...words], { cwd: folder, stdin: Buffer.from(input) });
  return { code: exitCode, said: String(stdout) + String(stderr) };
}

test("what ours signs, minisign finds good", () => {
  const key = makeSigningKey();
  writeFileSync(join(folder, "ours.pub"), keyFiles(key).public);
  writeFileSync(join(folder, "content.minisig"), signContent(CONTENT, key, "timestamp:1\tversion:2"));
  const { code, said } = minisign(["-V", "-p", "ours.pub", "-m", "content"]);
  expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining("Trusted comment: timestamp:1\tversion:2") });
  writeFileSync(join(folder, "content.minisig"), signContent(CONTENT.subarray(1), key, ""));
  expect(minisign(["-V", "-p", "ours.pub", "-m", "content"]).code).toBe(1);
});

test("minisign signs with a key of ours, and ours finds it good", () => {
  const key = makeSigningKey();
  writeFileSync(join(folder, "ours.key"), keyFiles(key).secret);
  expect(minisign(["-S", "-s", "ours.key", "-m", "content", "-x", "theirs.minisig", "-t", "said by it"])).toMatchObject({ code: 0 });
  const signature = parseSignature(read("theirs.minisig"));
  expect(signature.trustedComment).toBe("said by it");
  expect(isSignedBy(CONTENT, signature, key.public)).toBe(true);
  expect(isSignedBy(CONTENT.subarray(1), signature, key.public)).toBe(false);
});

test.each([
  ["without a password", ["-W"], undefined, ""],
  ["under a password", [], "correct horse", "correct horse\ncorrect horse\n"],
])(
  "a key of minisign's, %s, signs by us and by it alike",
  async (_name, flags, password, typed) => {
    expect(minisign(["-G", "-f", "-p", "their.pub", "-s", "their.key", ...flags], typed)).toMatchObject({ code: 0 });
    const publicKey = parsePublicKey(read("their.pub"));
    expect(isUnderPassword(read("their.key"))).toBe(password !== undefined);
    if (password !== undefined) {
      await expect(parseSigningKey(read("their.key"), undefined)).rejects.toThrow("under a password");
      await expect(parseSigningKey(read("their.key"), "wrong")).rejects.toThrow("the password is wrong");
    }
    const key = await parseSigningKey(read("their.key"), password);
    expect(key.public.text).toBe(publicKey.text);
    writeFileSync(join(folder, "content.minisig"), signContent(CONTENT, key, "by us"));
    expect(minisign(["-V", "-P", publicKey.text, "-m", "content"])).toMatchObject({ code: 0 });
  },
  60_000,
);

test("the older form, of the content itself, is refused with what to use", () => {
  writeFileSync(join(folder, "ours.key"), keyFiles(makeSigningKey()).secret);
  expect(minisign(["-S", "-l", "-s", "ours.key", "-m", "content", "-x", "old.minisig"])).toMatchObject({ code: 0 });
  expect(() => parseSignature(read("old.minisig"))).toThrow("minisign 0.10 or later");
});
