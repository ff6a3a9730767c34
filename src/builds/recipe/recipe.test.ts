import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { BangerError } from "../../contract/errors.ts";
import { makeSystem } from "../../system/make-system.ts";
import type { Log } from "../../system/system.ts";
import { commandOf } from "./command-of.ts";
import { identitiesOf, parseRecipe, readRecipe } from "./read-recipe.ts";
import { groupsIn, stepsOf, titleOf } from "./recipe.ts";

const ignore = (): void => undefined;
const log: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
let folder: string;
/** What nobody is to read. */
let outside: string;
const system = makeSystem({ BANGER_HOME: "/tmp/banger-recipe", PATH: process.env["PATH"] }, log);
beforeAll(() => {
  folder = mkdtempSync("/tmp/banger-recipe-");
  mkdirSync(join(folder, "files"));
  writeFileSync(join(folder, "files/motd"), "hello");
  outside = mkdtempSync("/tmp/banger-outside-");
  writeFileSync(join(outside, "canary"), "not to be seen");
  symlinkSync(join(outside, "canary"), join(folder, "files/out"));
  symlinkSync(outside, join(folder, "away"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(outside, { recursive: true });
});
const write = (text: string): string => {
  const path = join(folder, "recipe.toml");
  writeFileSync(path, text);
  return path;
};
const read = (text: string, groups?: readonly string[]) => readRecipe(system, write(text), groups);
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof BangerError)) throw new Error(`it was not refused: ${String(error)}`);
  return error.code;
};

const WHOLE = `
init = "systemd"
memory = "2G"
[env]
A = "1"
[[steps]]
packages = ["git", "libstdc++6"]
[[steps]]
group = "ONE"
run = "echo $A"
env = { B = "2" }
[[steps]]
group = "TWO"
copy = "files/motd"
to = "/etc/motd"
`;

test("a recipe is read with what it copies", async () => {
  const { recipe, steps } = await read(WHOLE);
  expect(recipe).toMatchObject({ init: "systemd", memory: 2 * 2 ** 30, network: true, env: { A: "1" } });
  expect(groupsIn(recipe)).toEqual(["ONE", "TWO"]);
  expect(steps.map(({ title }) => title)).toEqual(["packages git libstdc++6", "echo $A", "copy files/motd"]);
  expect(Buffer.from(steps[2]?.content ?? []).toString()).toBe("hello");
  expect((await read(WHOLE, ["TWO"])).steps).toHaveLength(2);
});

describe("what is refused", () => {
  test.each([
    ["no TOML", "steps = ["],
    ["no steps", "steps = []"],
    ["a key that is unknown", `inti = "agent"\n[[steps]]\nrun = "x"`],
    ["a step of two kinds", `[[steps]]\nrun = "x"\npackages = ["y"]`],
    ["a step of none", `[[steps]]\nname = "x"`],
    ["a package that is an option", `[[steps]]\npackages = ["--allow-unauthenticated"]`],
    ["a package that is a script", `[[steps]]\npackages = ["x; rm -rf /"]`],
    ["a copy from above", `[[steps]]\ncopy = "../x"\nto = "/x"`],
    ["a copy from an absolute path", `[[steps]]\ncopy = "/etc/shadow"\nto = "/x"`],
    ["a copy to a relative path", `[[steps]]\ncopy = "files/motd"\nto = "etc/motd"`],
    ["a copy to above", `[[steps]]\ncopy = "files/motd"\nto = "/a/../b"`],
    ["a mode that is none", `[[steps]]\ncopy = "files/motd"\nto = "/b"\nmode = "rw"`],
    ["a variable that is none", `[env]\n"a b" = "x"\n[[steps]]\nrun = "x"`],
  ])("%s", async (_what, text) => {
    expect(await codeOf(read(text))).toBe("bad_recipe");
  });
  test("a group that no step has, files that are none, and what leads out of the folder", async () => {
    expect(await codeOf(read(WHOLE, ["THREE"]))).toBe("no_such_group");
    const copy = (path: string) => read(`[[steps]]\ncopy = "${path}"\nto = "/x"`);
    expect(await codeOf(copy("files/none"))).toBe("file_not_found");
    expect(await codeOf(copy("files"))).toBe("file_unusable");
    expect(await codeOf(copy("files/out"))).toBe("file_unusable");
    expect(await codeOf(copy("away/canary"))).toBe("file_unusable");
    expect(await codeOf(readRecipe(system, join(folder, "none.toml"), undefined))).toBe("file_not_found");
    expect(await codeOf(readRecipe(system, folder, undefined))).toBe("file_unusable");
  });
});

test("an identity changes with what is done and with everything before it, and with nothing else", async () => {
  const of = async (text: string, base = "base") => identitiesOf(base, await read(text));
  const first = await of(WHOLE);
  expect(new Set(first).size).toBe(3);
  expect(await of(WHOLE.replace('group = "ONE"', 'group = "ONE"\nname = "other"'))).toEqual(first);
  const changed = await of(WHOLE.replace("echo $A", "echo $B"));
  expect(changed[0]).toBe(first[0] ?? "");
  expect(changed[1]).not.toBe(first[1] ?? "");
  expect(changed[2]).not.toBe(first[2] ?? "");
  expect((await of(WHOLE, "other"))[0]).not.toBe(first[0] ?? "");
  expect((await of(WHOLE.replace('A = "1"', 'A = "2"')))[0]).not.toBe(first[0] ?? "");
  writeFileSync(join(folder, "files/motd"), "hello again");
  const copied = await of(WHOLE);
  expect([copied[0], copied[1]]).toEqual([first[0], first[1]]);
  expect(copied[2]).not.toBe(first[2] ?? "");
  writeFileSync(join(folder, "files/motd"), "hello");
});

test("no text of a recipe is part of a script that is not its own", async () => {
  const name = fc.string({ unit: fc.constantFrom(...Array.from("abc0.+:~=_-;$`'\"\\ /\n")), minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(name, async (text) => {
      let recipe;
      try {
        recipe = parseRecipe("r", `[[steps]]\npackages = [${JSON.stringify(text)}]`);
      } catch (error) {
        return error instanceof BangerError && error.code === "bad_recipe";
      }
      const [step] = stepsOf(recipe, undefined);
      if (step === undefined) return false;
      const { argv } = commandOf({ step }, {});
      return (
        /^[A-Za-z0-9]/.test(text) && argv.at(-1) === text && argv.slice(0, -1).every((word) => text.length < 3 || !word.includes(text))
      );
    }),
  );
});

test("whatever a file is, it is a recipe or refused as none", async () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom("[[steps]]", "[env]", 'run = "x"', 'packages = ["a"]', "steps = 1", 'copy = "a"', 'to = "/b"'),
  );
  await fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      try {
        return parseRecipe("r", lines.join("\n")).steps.every((step) => titleOf(step).length > 0);
      } catch (error) {
        return error instanceof BangerError && error.code === "bad_recipe";
      }
    }),
    { numRuns: 2000 },
  );
});
