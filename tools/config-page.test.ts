import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { configSchema, parseConfig } from "../src/daemon/config.ts";
import { listConfigEntries } from "../src/daemon/config-entries.ts";

const page = readFileSync(join(import.meta.dir, "../docs/config.md"), "utf8");
const example = /```toml\n(.*?)```/s.exec(page)?.[1] ?? "";
const keysInTable = [...page.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, key]) => key ?? "");

test("the example on the page of the config is taken, and has each key of the table", () => {
  const config = parseConfig(example, "config.toml");
  // The names in this one are the user's.
  const keys = Object.entries(config).flatMap(([name, value]) =>
    typeof value === "object" && !Array.isArray(value) && name !== "registries"
      ? Object.keys(value).map((key) => `${name}.${key}`)
      : [name],
  );
  expect(keys.toSorted()).toEqual(keysInTable.toSorted());
});

test("the page of the config has each key that the daemon takes", () => {
  expect(keysInTable.toSorted()).toEqual(keysOf(configSchema).toSorted());
});

test("the page of the config tells the defaults that are taken", () => {
  const told = new Map([...page.matchAll(/^\| `([\w.]+)` \|.*\| (.*) \|$/gm)].map(([, key = "", byDefault = ""]) => [key, byDefault]));
  for (const { key, value } of listConfigEntries(undefined)) {
    const shown = Array.isArray(value) ? JSON.stringify(value) : value;
    if (shown !== null) expect(told.get(key)).toContain(`\`${shown}\``);
  }
  expect(told.size).toBe(listConfigEntries(undefined).length);
});

function keysOf(schema: z.ZodType): readonly string[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: "input" });
  return Object.entries(properties).flatMap(([name, value]) =>
    typeof value === "object" && value.properties !== undefined ? Object.keys(value.properties).map((key) => `${name}.${key}`) : [name],
  );
}
