import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { hasHalted } from "./has-halted.ts";
import { openTestWorld, type TestWorld } from "./test-world.ts";

let world: TestWorld;
beforeEach(() => {
  world = openTestWorld();
});
afterEach(() => world[Symbol.dispose]());

test.each([
  ["[   33.596979] reboot: Power off not available: System halted instead\n", true],
  ["[   33.596979] reboot: System halted\r\n", true],
  // Somebody reads about it in a guest that lives.
  ["[   33.596979] reboot: System halted\nroot@dev:~# \n", false],
  ["it says reboot: System halted when it ends\n", false],
  ["", false],
])("a console that ends with %j: halted is %p", async (text, expected) => {
  const path = world.system.layout.consoleLog("0123456789ab");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `[    1.0] Linux\n${text}`);
  expect(await hasHalted("0123456789ab", world.system)).toBe(expected);
});

test("a guest without a console has not halted", async () => expect(await hasHalted("0123456789ab", world.system)).toBe(false));
