import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseCredentials } from "./credentials.ts";

const AWS = "; of a test\n[default]\naws_access_key_id = one\naws_secret_access_key = two=2\n\n[profile other]\naws_access_key_id=three\n";

test.each([
  ["A=b\n", "default", { A: "b" }],
  [`# word\nexport A="b c"\n  B = 'd"' \nC=\n`, "default", { A: "b c", B: `d"`, C: "" }],
  ["A=b\r\nB=c\r\n", "default", { A: "b", B: "c" }],
  ["A=1\nA=2", "default", { A: "2" }],
  [AWS, "default", { AWS_ACCESS_KEY_ID: "one", AWS_SECRET_ACCESS_KEY: "two=2" }],
  [AWS, "other", { AWS_ACCESS_KEY_ID: "three" }],
  [AWS, "none", {}],
  ["", "default", {}],
  ["A=b\nc\n", "default", 2],
  ["1A=b", "default", 1],
  ["[default", "default", 1],
  ["A=b\u0000c", "default", 1],
])("%j, profile %s", (text, profile, found) => {
  expect(parseCredentials(text, profile)).toEqual(found);
});

test("whatever is in a file, it is values or the number of a line", () => {
  const word = fc.constantFrom("A", "=", "\n", "[", "]", "default", " ", "#", '"', "'", "export ", "\t", "\u0000", "é");
  fc.assert(
    fc.property(fc.array(word, { maxLength: 40 }), (words) => {
      const text = words.join("");
      const found = parseCredentials(text, "default");
      if (typeof found === "number") return found >= 1 && found <= text.split("\n").length;
      return Object.keys(found).every((name) => /^[A-Z_][A-Z0-9_]*$/.test(name));
    }),
    { numRuns: 3000 },
  );
});
