import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseChallenge } from "./challenge.ts";

test.each([
  [`Basic realm="x"`, { scheme: "basic" }],
  ["basic", { scheme: "basic" }],
  [
    `Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"`,
    { scheme: "bearer", realm: "https://auth.example/token", service: "registry.example", scope: "repository:a/b:pull,push" },
  ],
  [
    `BEARER Realm=https://auth.example/t , error="x"`,
    { scheme: "bearer", realm: "https://auth.example/t", service: undefined, scope: undefined },
  ],
  [`Bearer realm="a",realm="b"`, undefined],
  [`Bearer service="a"`, undefined],
  [`Bearer realm=""`, undefined],
  [`Negotiate x`, undefined],
  ["", undefined],
  [null, undefined],
  [`Bearer realm="${"x".repeat(5000)}"`, undefined],
])("%s", (header, challenge) => {
  expect(parseChallenge(header)).toEqual(challenge as ReturnType<typeof parseChallenge>);
});

test("no header makes it throw, or take long", () => {
  const word = fc.constantFrom("Bearer", "Basic", "realm", "=", '"', ",", " ", "\\", "x", "service", "\t", "\u00e9");
  fc.assert(
    fc.property(fc.array(word, { maxLength: 300 }), (words) => {
      const startedMs = performance.now();
      parseChallenge(`Bearer ${words.join("")}`);
      return performance.now() - startedMs < 500;
    }),
  );
});
