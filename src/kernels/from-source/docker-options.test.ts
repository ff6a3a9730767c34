/** The configuration of the generic kernel, and what is checked of any. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DOCKER_NEEDS } from "./docker-needs.ts";
import { checkFragment, parseFragment } from "./fragment.ts";

const path = join(import.meta.dir, "../../../kernels/generic-6.12.config");
const wanted = new Map(parseFragment(readFileSync(path, "utf8"), path).map(({ option, value }) => [option, value]));

test.each(DOCKER_NEEDS)("the generic kernel has CONFIG_%s for Docker", (name) => {
  expect(wanted.get(`CONFIG_${name}`)).toBe("y");
});

test("the generic kernel has no modules, and tells its own configuration", () => {
  expect(wanted.get("CONFIG_MODULES")).toBe("n");
  expect(wanted.get("CONFIG_IKCONFIG_PROC")).toBe("y");
});

test("all lines that did not come out as they were wanted are named", () => {
  const fragment = parseFragment('CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C="x y"\nCONFIG_D=64\n', "f");
  checkFragment(fragment, 'CONFIG_A=y\nCONFIG_C="x y"\nCONFIG_D=64\n', "f");
  expect(() => checkFragment(fragment, "CONFIG_A=m\nCONFIG_B=y\n", "f")).toThrow(
    'CONFIG_A=y became m, CONFIG_B=n became y, CONFIG_C="x y" became n, CONFIG_D=64 became n',
  );
});

test("what is no line of a configuration is told with its number", () => {
  expect(() => parseFragment("CONFIG_A=y\nfoo\n\nbar=1\n", "f")).toThrow("line 2, 4 is not of the form");
  expect(() => parseFragment("# nothing\n", "f")).toThrow("it has no line");
});
