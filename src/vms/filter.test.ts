import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseFilter, type VmFilter } from "../contract/schemas/filters.ts";
import { isWanted, matchesPattern } from "./filter.ts";

const vm = { name: "dev-1", state: "running", image: "debian-bookworm", labels: { team: "blue", "example.org/owner": "" } } as const;

function wants(...texts: string[]): boolean {
  const filters = texts.map(parseFilter);
  for (const filter of filters) if ("wrong" in filter) throw new Error(filter.wrong);
  return isWanted(vm, filters as VmFilter[]);
}

describe("a list of vms", () => {
  test.each([
    [[], true],
    [["state=running"], true],
    [["state=stopped"], false],
    [["state=stopped", "state=running"], true],
    [["state=running", "image=other"], false],
    [["name=dev-*"], true],
    [["name=dev"], false],
    [["label=team"], true],
    [["label=team=blue"], true],
    [["label=team=red"], false],
    [["label=team=blue", "label=example.org/owner"], true],
    [["label=team=blue", "label=missing"], false],
    [["label=example.org/owner="], true],
    [["label=toString"], false],
  ] as const)("by %p: %p", (texts, expected) => expect(wants(...texts)).toBe(expected));

  test.each(["", "running", "=x", "state=", "state=ready", "colour=red", "label==x", "label=a b"])("%p is no filter", (text) => {
    expect(parseFilter(text)).toHaveProperty("wrong");
  });

  test("without the filters of a kind shows no less", () => {
    const filter = fc.constantFrom("state=running", "state=paused", "name=d*", "name=x", "image=a", "label=team", "label=team=red");
    fc.assert(
      fc.property(fc.array(filter), (texts) => {
        if (wants(...texts))
          for (const kind of ["state", "name", "image", "label"])
            expect(wants(...texts.filter((text) => !text.startsWith(kind)))).toBe(true);
      }),
    );
  });
});

describe("a pattern", () => {
  test("means what the same regular expression means", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "-"), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "-", "*", "?"), maxLength: 10 });
    fc.assert(
      fc.property(text, pattern, (name, wanted) => {
        const same = new RegExp(`^${wanted.replaceAll("?", ".").replaceAll("*", ".*")}$`);
        expect(matchesPattern(name, wanted)).toBe(same.test(name));
      }),
      { numRuns: 2000 },
    );
  });

  test("takes no longer for being made of stars", () => {
    const began = performance.now();
    expect(matchesPattern("a".repeat(63), `${"*a".repeat(200)}b`)).toBe(false);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
