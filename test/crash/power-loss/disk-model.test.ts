import { expect, test } from "bun:test";
import { makeChance } from "../../support/seeded.ts";
import { DiskModel, type Survival } from "./disk-model.ts";

const chance = makeChance(1);
const open = (path: string) => ({ at: 0, kind: "open", path, creates: true, truncates: false }) as const;
const write = (path: string, text: string, offset?: number) => ({ at: 0, kind: "write", path, data: Buffer.from(text), offset }) as const;
const sync = (path: string) => ({ at: 0, kind: "sync", path }) as const;
const rename = (path: string, to: string) => ({ at: 0, kind: "rename", path, to }) as const;
const remove = (path: string) => ({ at: 0, kind: "remove", path }) as const;

function after(calls: readonly Parameters<DiskModel["apply"]>[0][], survival: Survival): Record<string, string> {
  const disk = new DiskModel(() => true);
  for (const call of calls) disk.apply(call);
  return Object.fromEntries([...disk.survivors(survival, chance)].map(([path, content]) => [path, content.toString()]));
}

test("what was not synced may be lost, and may be there", () => {
  const calls = [open("/d/a"), write("/d/a", "one"), sync("/d/a"), write("/d/a", "two"), open("/d/b")];
  expect(after(calls, "nothing")).toEqual({ "/d/a": "one" });
  expect(after(calls, "everything")).toEqual({ "/d/a": "onetwo", "/d/b": "" });
});

test("a rename without a sync of the folder may be lost; one with it is there, with everything before it", () => {
  const calls = [open("/d/a"), write("/d/a", "one"), rename("/d/a", "/d/b")];
  expect(after(calls, "nothing")).toEqual({});
  // The name is there, and not the content that nobody synced.
  expect(after([...calls, sync("/d")], "nothing")).toEqual({ "/d/b": "" });
  expect(after([open("/d/x"), ...calls, sync("/d"), remove("/d/x")], "nothing")).toEqual({ "/d/x": "", "/d/b": "" });
  expect(after([open("/d/t/a"), rename("/d/t", "/d/u")], "everything")).toEqual({ "/d/u/a": "" });
});

test("pages are lost one by one, in no order", () => {
  const pages = [0, 1, 2].map((page) => write("/f", String(page + 1).repeat(4096), page * 4096));
  const found = Array.from({ length: 200 }, () => after([open("/f"), sync("/f"), ...pages], "some")["/f"] ?? "");
  const kinds = new Set(found.map((content) => [...content.matchAll(/(.)\1{4095}/g)].map(([, letter]) => letter).join("")));
  expect(kinds.has("123")).toBe(true);
  expect(kinds.size).toBeGreaterThan(5);
});

test("a file becomes shorter and longer", () => {
  const cut = (length: number) => ({ at: 0, kind: "truncate", path: "/f", length }) as const;
  expect(after([open("/f"), write("/f", "abcdef"), cut(2), cut(4)], "everything")).toEqual({ "/f": "ab\0\0" });
});
