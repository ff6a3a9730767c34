import { describe, expect, test } from "bun:test";
import { isClearSigned } from "./clear-signed.ts";

const RIGHT = [
  "-----BEGIN PGP SIGNED MESSAGE-----",
  "Hash: SHA256",
  "",
  "Origin: Test",
  "",
  "- -----BEGIN PGP SIGNATURE-----",
  "-----BEGIN PGP SIGNATURE-----",
  "",
  "iHUE",
  "=ImjK",
  "-----END PGP SIGNATURE-----",
];

const isTaken = (lines: readonly string[]): boolean => isClearSigned(Buffer.from(lines.join("\n")));
const added = (at: number, ...lines: readonly string[]): readonly string[] => RIGHT.toSpliced(at, 0, ...lines);

describe("a file is one clear-signed text", () => {
  test.each([
    ["as gpg writes it", RIGHT],
    ["with an end to its last line", [...RIGHT, ""]],
    ["with two names of hashes", added(2, "Hash: SHA512, SHA256")],
    ["without a name of a hash", RIGHT.toSpliced(1, 1)],
    ["without a sum of the signature", RIGHT.toSpliced(9, 1)],
    ["with a signature of another length", RIGHT.with(8, "iHUEAA==")],
    ["with a word of the signer's program", added(7, "Version: GnuPG v2")],
  ])("%s", (_what, lines) => expect(isTaken(lines)).toBe(true));
});

describe("a file is not one clear-signed text", () => {
  test.each([
    ["with a line before", added(0, "Origin: Elsewhere")],
    ["with an empty line before", added(0, "")],
    ["with a line after", [...RIGHT, "Origin: Elsewhere"]],
    ["with blanks after", [...RIGHT, " "]],
    ["twice", [...RIGHT, ...RIGHT]],
    ["with another line among the hashes", added(2, "Comment: x")],
    ["with blanks for the line after the hashes", RIGHT.with(2, " ")],
    ["with a line that is not escaped", added(4, "-x")],
    ["with a text in the text", added(4, "-----BEGIN PGP SIGNED MESSAGE-----")],
    ["with a text in the signature", added(8, "-----BEGIN PGP SIGNED MESSAGE-----")],
    ["with a NUL at the end of a line", RIGHT.with(3, "Origin: Test\0")],
    ["with a letter in the signature that is none", RIGHT.with(8, "iH\vUE")],
    ["with bits at the end of the signature that say nothing", RIGHT.with(8, "iHUEAB=")],
    ["with an end in the middle of the signature", RIGHT.with(8, "iHUEAA==\niHUE")],
    ["with a signature of nothing", RIGHT.toSpliced(8, 1)],
    ["with two signatures", [...RIGHT, ...RIGHT.slice(6)]],
    ["with a signature that has no end", RIGHT.slice(0, -1)],
    ["without a signature", RIGHT.slice(0, 6)],
    ["with lines that end as those of DOS", RIGHT.map((line) => `${line}\r`)],
    ["of one line", RIGHT.slice(0, 1)],
    ["of nothing", []],
  ])("%s", (_what, lines) => expect(isTaken(lines)).toBe(false));
});
