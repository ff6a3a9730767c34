import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatOciReference, isOwnHost, parseOciReference } from "./oci-reference.ts";

const DIGEST = `sha256:${"0a".repeat(32)}`;

describe("a place in a registry", () => {
  test.each([
    ["oci://registry.example/acme/kernels", { host: "registry.example", repository: "acme/kernels", tag: undefined, digest: undefined }],
    ["oci://127.0.0.1:5000/a:v1.2", { host: "127.0.0.1:5000", repository: "a", tag: "v1.2", digest: undefined }],
    [`oci://[::1]:5000/a/b__c-d@${DIGEST}`, { host: "[::1]:5000", repository: "a/b__c-d", tag: undefined, digest: DIGEST }],
  ])("%s", (text, parts) => {
    expect(parseOciReference(text)).toEqual(parts);
    expect(formatOciReference(parts)).toBe(text);
  });

  test.each([
    "oci://registry.example",
    "oci://registry.example/",
    "oci:///a",
    "oci://user@registry.example/a",
    "oci://user:word@registry.example/a",
    "oci://registry.example/A",
    "oci://registry.example/a//b",
    "oci://registry.example/../a",
    "oci://registry.example/a/..",
    "oci://registry.example/a?b",
    "oci://registry.example/a#b",
    "oci://registry.example/a%2fb",
    "oci://registry.example/a:",
    "oci://registry.example/a:-x",
    "oci://registry.example/a@sha256:00",
    `oci://registry.example/a:tag@${DIGEST}`,
    `oci://registry.example/a@${DIGEST}/b`,
    `oci://registry.example/a@${DIGEST.toUpperCase()}`,
    "oci://127.1/a",
    "oci://0x7f000001/a",
    "oci://2130706433/a",
    "oci://registry.example:0/a",
    "oci://registry.example:99999/a",
    "oci://Registry.example/a",
    "oci://registry.example\\@evil.example/a",
    " oci://registry.example/a",
    "oci://registry.example/a\n",
    "docker://registry.example/a",
    `oci://registry.example/${"a".repeat(256)}`,
  ])("%j is none", (text) => {
    expect(() => parseOciReference(text)).toThrow("it is no place in a registry");
  });

  test("what is taken is written again as it was, and is the same host to whoever makes an address of it", () => {
    const odd = fc.constantFrom(
      "/",
      "//",
      ":",
      "@",
      "..",
      "%2e",
      "?",
      "#",
      "\\",
      "a",
      "b.c",
      "A",
      "_",
      "-",
      "[::1]",
      DIGEST,
      "5000",
      "\u0000",
      "é",
    );
    fc.assert(
      fc.property(fc.array(odd, { maxLength: 12 }), (parts) => {
        const text = `oci://${parts.join("")}`;
        let parsed;
        try {
          parsed = parseOciReference(text);
        } catch {
          return;
        }
        expect(formatOciReference(parsed)).toBe(text);
        const url = new URL(`https://${parsed.host}/v2/${parsed.repository}/blobs/${DIGEST}`);
        expect(url.pathname).toBe(`/v2/${parsed.repository}/blobs/${DIGEST}`);
        expect([url.username, url.password, url.search, url.hash]).toEqual(["", "", "", ""]);
      }),
      { numRuns: 5000 },
    );
  });
});

test.each([
  ["localhost", true],
  ["localhost:5000", true],
  ["127.0.0.1:5000", true],
  ["[::1]:5000", true],
  ["127.0.0.1.example", false],
  ["localhost.example", false],
  ["10.0.0.1", false],
])("whether %s is this computer: %p", (host, isOurs) => {
  expect(isOwnHost(host)).toBe(isOurs);
});
