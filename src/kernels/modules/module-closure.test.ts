import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { closeOverModules, type ModuleLookup } from "./module-closure.ts";

function lookup(
  needs: Readonly<Record<string, readonly string[]>>,
  builtIn: readonly string[] = [],
  soft: Readonly<Record<string, readonly string[]>> = {},
): ModuleLookup {
  return {
    isBuiltIn: (name) => builtIn.includes(name),
    find: async (name) => {
      const depends = needs[name];
      return depends === undefined ? undefined : { depends, softBefore: soft[name] ?? [], kernelVersion: undefined };
    },
  };
}

describe("the modules to load", () => {
  test("come after what they need, each once, without what is built in", async () => {
    const modules = lookup({ net: ["failover", "ring"], failover: ["core"], core: [], blk: ["ring"] }, ["ring"]);
    expect(await closeOverModules(["net", "blk", "core"], modules)).toEqual(["core", "failover", "net", "blk"]);
  });

  test("leave out a root that is nowhere", async () => {
    expect(await closeOverModules(["gone", "a"], lookup({ a: [] }))).toEqual(["a"]);
  });

  test("take what would be good to have before, when it is there", async () => {
    expect(await closeOverModules(["fs"], lookup({ fs: ["lib"], lib: [], crc: [] }, [], { fs: ["crc", "gone"] }))).toEqual([
      "crc",
      "lib",
      "fs",
    ]);
  });

  test.each([
    ["needs one that is missing", { a: ["b"] }, "module a needs b"],
    ["needs itself", { a: ["b"], b: ["a"] }, "depends on itself"],
  ])("are refused when one %s", async (_name, needs, message) => {
    expect(await closeOverModules(["a"], lookup(needs)).catch(String)).toContain(message);
  });

  test("are in load order for any modules without circles", async () => {
    const graph = fc
      .array(fc.array(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
      .map((lists) =>
        Object.fromEntries(
          lists.map((list, index) => [`m${index}`, list.filter((needed) => needed < index).map((needed) => `m${needed}`)]),
        ),
      );
    await fc.assert(
      fc.asyncProperty(graph, fc.array(fc.nat(29)), async (needs, roots) => {
        const order = await closeOverModules(
          roots.map((root) => `m${root}`),
          lookup(needs),
        );
        expect(new Set(order).size).toBe(order.length);
        for (const [at, name] of order.entries()) for (const needed of needs[name] ?? []) expect(order.slice(0, at)).toContain(needed);
        for (const root of roots) if (needs[`m${root}`] !== undefined) expect(order).toContain(`m${root}`);
      }),
    );
  });
});
