import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readCopyPlaces } from "./copy-places.ts";
import { UsageError } from "./usage-error.ts";

describe("the places of a copy", () => {
  test.each([
    [["a.txt"], "dev:/srv", { direction: "in", vm: "dev", from: ["a.txt"], to: "/srv" }],
    [["a", "b/."], "dev:", { direction: "in", vm: "dev", from: ["a", "b/."], to: "." }],
    [["dev:/etc/hosts"], ".", { direction: "out", vm: "dev", from: ["/etc/hosts"], to: "." }],
    [["dev:a:b"], "x", { direction: "out", vm: "dev", from: ["a:b"], to: "x" }],
    [["./a:b"], "dev:x", { direction: "in", vm: "dev", from: ["./a:b"], to: "x" }],
    [["0123456789ab:/x", "0123456789ab:/y"], "/tmp/", { direction: "out", vm: "0123456789ab", from: ["/x", "/y"], to: "/tmp/" }],
    [["dev:with\nnewline"], "x", { direction: "out", vm: "dev", from: ["with\nnewline"], to: "x" }],
    [["one/.", "two/.", ".."], "dev:", { direction: "in", vm: "dev", from: ["one/.", "two/.", ".."], to: "." }],
    [["C_drive:x"], "dev:", { direction: "in", vm: "dev", from: ["C_drive:x"], to: "." }],
  ] as const)("%p to %p", (sources, destination, places) => expect(readCopyPlaces(sources, destination)).toEqual(places));

  test.each([
    [["a"], "b", /one side must be in a vm/],
    [["dev:a"], "dev:b", /from vm to vm/],
    [["dev:a", "b"], "c", /on the same side/],
    [["dev:a", "two:b"], "c", /on the same side/],
    [["-"], "dev:", /not -/],
    [["dev:x"], "-", /not -/],
    [[""], "dev:", /empty/],
    [[":x"], ".", /the name of a vm is missing before :x/],
    [["x"], ":", /the name of a vm is missing before :/],
    [["one/x", "two/x"], "dev:", /one\/x and two\/x would both be called x/],
    [["dev:one/x/", "dev:x"], "there/", /would both be called x/],
  ] as const)("%p to %p is refused", (sources, destination, message) =>
    expect(() => readCopyPlaces(sources, destination)).toThrow(message),
  );

  test("any words are places with exactly one vm, or a usage error", () => {
    const word = fc.oneof(fc.string(), fc.stringMatching(/^[a-z]{1,3}:[a-z/.]{0,5}$/));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), word, (sources, destination) => {
        try {
          const { vm, from, to } = readCopyPlaces(sources, destination);
          expect(vm).not.toBe("");
          expect([...from, to]).not.toContain("");
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });
});
