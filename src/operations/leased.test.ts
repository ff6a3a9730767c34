import { beforeEach, expect, test } from "bun:test";
import { makeLeased } from "./leased.ts";
import type { Lease, Leases } from "./operations.ts";

let rows: Lease[];
let there: Set<string>;
beforeEach(() => {
  rows = [];
  there = new Set();
});
const leases: Leases = {
  write: (lease) => void rows.push(lease),
  drop: (kind, key) => void (rows = rows.filter((lease) => lease.kind !== kind || lease.key !== key)),
  dropAllOf: () => undefined,
  list: () => rows,
};
const remove = async (key: string): Promise<void> => {
  if (key.endsWith("stuck")) throw new Error("it will not");
  there.delete(key);
};
const make = (key: string) => async (): Promise<string> => {
  // Whoever dies here leaves a lease.
  expect(rows).toMatchObject([{ kind: "dockerfile", key, operationId: "01" }]);
  there.add(key);
  return `${key}, made`;
};

test("one is leased before it is made, and is gone before its lease", async () => {
  const leased = makeLeased({ leases, kind: "dockerfile", remove });
  {
    await using one = await leased.open("/a", "01", make("/a"));
    expect([one.made, leased.isOpen("/a"), ...there]).toEqual(["/a, made", true, "/a"]);
    await leased.sweep(["/a"]);
    expect(there.size).toBe(1);
  }
  expect([leased.isOpen("/a"), there.size, rows]).toEqual([false, 0, []]);
});

test("what was half made when it failed goes as well", async () => {
  const leased = makeLeased({ leases, kind: "dockerfile", remove });
  const fail = async (): Promise<never> => {
    await make("/a")();
    throw new Error("half");
  };
  await expect(leased.open("/a", "01", fail)).rejects.toThrow("half");
  expect([there.size, rows]).toEqual([0, []]);
});

test("what cannot be removed keeps its lease, and is tried again; whoever wants to hear of it does", async () => {
  const left: string[] = [];
  const leased = makeLeased({ leases, kind: "dockerfile", remove, onLeft: (key, error) => left.push(`${key}: ${String(error)}`) });
  await (await leased.open("/stuck", "01", make("/stuck")))[Symbol.asyncDispose]();
  expect([left, rows.length, leased.isOpen("/stuck")]).toEqual([["/stuck: Error: it will not"], 1, false]);
  await expect(leased.sweep()).rejects.toThrow("it will not");
  rows = [];
  const strict = makeLeased({ leases, kind: "dockerfile", remove });
  const open = await strict.open("/stuck", "01", make("/stuck"));
  expect(open[Symbol.asyncDispose]()).rejects.toThrow("it will not");
});

test("those of dead daemons are swept, by their leases and by being seen, and no others", async () => {
  const lease = (kind: Lease["kind"], key: string): number => rows.push({ kind, key, vmId: undefined, operationId: "02" });
  lease("store-folder", "/ours/a");
  lease("store-folder", "/others/a");
  lease("workshop", "/ours/w");
  const removed: string[] = [];
  const leased = makeLeased({
    leases,
    kind: "store-folder",
    isOurs: (key) => key.startsWith("/ours/"),
    remove: async (key) => void removed.push(key),
  });
  await leased.sweep(["/ours/b"]);
  expect(removed).toEqual(["/ours/a", "/ours/b"]);
  expect(rows.map(({ key }) => key)).toEqual(["/others/a", "/ours/w"]);
});
