import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OPERATIONS } from "./operation-table.ts";
import type { Operation } from "./operation.ts";
import { VERSION } from "./version.ts";

const entries = Object.entries(OPERATIONS) as readonly (readonly [string, Operation])[];
const fieldsOf = (operation: Operation): readonly string[] => Object.keys(operation.input.shape);

test("the table holds every file of the folder, by its name", () => {
  const files = readdirSync(join(import.meta.dir, "operations")).map((file) => file.replace(".ts", ""));
  expect(entries.map(([name]) => name.replace(".", "-")).toSorted()).toEqual(files.toSorted());
});

test("no two operations share a route or words", () => {
  const routes = entries.map(([, { method, path }]) => `${method} ${path.replaceAll(/:\w+/g, ":")}`);
  const words = entries.flatMap(([, { cli }]) => [cli.words, ...(cli.aliases ?? [])].map((each) => each.join(" ")));
  expect(new Set(routes).size).toBe(routes.length);
  expect(new Set(words).size).toBe(words.length);
});

test("the version is the package's", () => {
  const manifest = JSON.parse(readFileSync(join(import.meta.dir, "../../package.json"), "utf8")) as { version: string };
  expect(VERSION).toBe(manifest.version);
});

/** What the daemon is made of: the rooms below the socket, without their tests and fakes. */
const source = [
  ...new Bun.Glob("{daemon,builds,ssh,vms,images,kernels,catalog,disks,network,drivers,agent,operations,system}/**/*.ts").scanSync(
    join(import.meta.dir, ".."),
  ),
]
  .filter((path) => !/\.test\.ts$|\/(?:fake|test)-[a-z-]+\.ts$/.test(path))
  .map((path) => readFileSync(join(import.meta.dir, "..", path), "utf8"))
  .join("\n");
/** Of codes that are put together: `vm_cannot_` of `vm_cannot_${command}`, `_in_use` of `${noun}_in_use`. */
const beginnings = [...source.matchAll(/`([a-z]+_[a-z_]*)\$\{/g)].map(([, beginning = ""]) => beginning);
const endings = [...source.matchAll(/\}(_[a-z]+_[a-z_]+)`/g)].map(([, ending = ""]) => ending);

describe.each(entries.map(([name, operation]) => ({ name, operation })))("$name", ({ name, operation }) => {
  test("is filed under its own name", () => expect(operation.name).toBe(name));
  test("has examples that begin with one of its words", () => {
    expect(operation.examples.length).toBeGreaterThan(0);
    const starts = [operation.cli.words, ...(operation.cli.aliases ?? [])].map((words) => ["banger", ...words].join(" "));
    for (const { command } of operation.examples) expect(starts.some((start) => command.startsWith(start))).toBe(true);
  });
  test("has a hint for each field, and no other", () => {
    expect(Object.keys(operation.fields).toSorted()).toEqual(fieldsOf(operation).toSorted());
  });
  test("takes the fields of its path by position", () => {
    for (const [, field = ""] of operation.path.matchAll(/:(\w+)/g)) {
      expect(fieldsOf(operation)).toContain(field);
      expect(operation.cli.positional).toContain(field);
    }
  });
  test("refuses an unknown key", () => expect(operation.input.safeParse({ unknownKey: 1 }).success).toBe(false));
  test("declares no error that nothing throws", () => {
    const isThrown = (code: string): boolean =>
      source.includes(`"${code}"`) ||
      beginnings.some((beginning) => code.startsWith(beginning)) ||
      endings.some((ending) => code.endsWith(ending));
    expect(operation.errors.filter((code) => !isThrown(code))).toEqual([]);
  });
  test("declares no stage that nothing goes through", () => {
    expect(operation.stages.filter((stage) => !new RegExp(`(?:stage|timed)\\(\\s*"${stage}"`).test(source))).toEqual([]);
  });
  test("has stages only when it is long", () => {
    if (operation.kind !== "long") expect(operation.stages).toEqual([]);
    else expect(operation.stages.length).toBeGreaterThan(0);
  });
});
