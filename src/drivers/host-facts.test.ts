import { expect, test } from "bun:test";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { makeSystem } from "../system/make-system.ts";
import { makeJsonLog } from "../system/json-log.ts";
import { findHostFact, writeHostFact } from "./host-facts.ts";

test("facts that are found out at the same time are all kept", async () => {
  const home = await fs.mkdtemp(join(tmpdir(), "banger-facts-"));
  await using _home = { [Symbol.asyncDispose]: () => fs.rm(home, { recursive: true }) };
  const system = makeSystem({ BANGER_HOME: home }, makeJsonLog(2));
  const keys = Array.from({ length: 10 }, (_, at) => `fact-${at}`);
  await Promise.all(keys.map((key) => writeHostFact(system, key, "x".repeat(3000))));
  for (const key of keys) expect(await findHostFact(system, key, z.string())).toHaveLength(3000);
});

test("facts of an earlier boot, and what is no record of facts, are forgotten", async () => {
  const home = await fs.mkdtemp(join(tmpdir(), "banger-facts-"));
  await using _home = { [Symbol.asyncDispose]: () => fs.rm(home, { recursive: true }) };
  const system = makeSystem({ BANGER_HOME: home }, makeJsonLog(2));
  for (const text of ["{", "[]", JSON.stringify({ bootId: "another", old: 1 })]) {
    await system.files.makeFolder(join(home, "cache"));
    await system.files.write(system.layout.hostFacts, text);
    expect(await findHostFact(system, "old", z.number())).toBeUndefined();
    await writeHostFact(system, "new", 2);
    expect(await findHostFact(system, "new", z.number())).toBe(2);
    expect(await system.files.readText(system.layout.hostFacts)).not.toContain("old");
  }
});
