import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { LEASES_MIGRATION, makeLeases } from "../operations/leases-rows.ts";
import { makeSystem } from "../system/make-system.ts";
import type { Log, System } from "../system/system.ts";
import { makeBlankPool } from "./blank-pool.ts";

const BYTES = 2 ** 30;
const ignore = (): void => undefined;
const log: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
let home: string;
let system: System;

beforeEach(async () => {
  home = mkdtempSync("/tmp/banger-pool-");
  system = makeSystem({ BANGER_HOME: home, PATH: process.env["PATH"] }, log);
  await system.files.makeFolder(system.layout.blanks);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function putBlanks(...names: readonly string[]): Promise<void> {
  for (const name of names) await system.files.write(join(system.layout.blanks, name), name);
}

describe("the pool of blanks", () => {
  test("gives a blank of the right size by moving it", async () => {
    await putBlanks(`blank-a-${BYTES}.ext4`);
    const pool = makeBlankPool(system, undefined, { bytes: BYTES, count: 1 });
    expect(await pool.claim(join(home, "layer"), BYTES)).toBe(true);
    expect(await system.files.readText(join(home, "layer"))).toBe(`blank-a-${BYTES}.ext4`);
    expect(await system.files.list(system.layout.blanks)).toEqual([]);
  });

  test("has none of another size, and none when it is empty", async () => {
    await putBlanks(`blank-a-${BYTES}.ext4`, "blank-b-999.ext4");
    const pool = makeBlankPool(system, undefined, { bytes: BYTES, count: 1 });
    expect(await pool.claim(join(home, "layer"), 2 * BYTES)).toBe(false);
    expect(await pool.claim(join(home, "one"), BYTES)).toBe(true);
    expect(await pool.claim(join(home, "two"), BYTES)).toBe(false);
  });

  test("gives each blank to one of many who claim at once", async () => {
    await putBlanks(...["a", "b", "c"].map((id) => `blank-${id}-${BYTES}.ext4`));
    const pool = makeBlankPool(system, undefined, { bytes: BYTES, count: 3 });
    const claims = await Promise.all(Array.from({ length: 10 }, (_, index) => pool.claim(join(home, `layer-${index}`), BYTES)));
    expect(claims.filter(Boolean)).toHaveLength(3);
    const claimed = (await system.files.list(home)).filter((name) => name.startsWith("layer-"));
    const contents = await Promise.all(claimed.map((name) => system.files.readText(join(home, name))));
    expect(new Set(contents).size).toBe(3);
  });

  test("forgets drafts and blanks of a size that it no longer keeps", async () => {
    await putBlanks(`blank-a-${BYTES}.ext4`, `.draft-b`, "blank-c-999.ext4");
    await makeBlankPool(system, undefined, { bytes: BYTES, count: 1 }).reconcile();
    expect(await system.files.list(system.layout.blanks)).toEqual([`blank-a-${BYTES}.ext4`]);
  });

  test("forgets the leases of a daemon that died, with a draft and without", async () => {
    using database = system.databases.open(system.layout.database, [LEASES_MIGRATION]);
    const leases = makeLeases(database);
    await putBlanks(".draft-b");
    for (const name of [".draft-b", ".draft-not-made"])
      leases.write({ kind: "blank", key: join(system.layout.blanks, name), vmId: undefined, operationId: undefined });
    leases.write({ kind: "vm-folder", key: "/other", vmId: "1", operationId: undefined });
    await makeBlankPool(system, leases, { bytes: BYTES, count: 1 }).reconcile();
    expect(leases.list().map(({ key }) => key)).toEqual(["/other"]);
  });
});
