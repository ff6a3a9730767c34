/** What must be so after every crash, whatever was cut off. */
import { expect } from "bun:test";
import { dumpDatabase, listFolders, listVms } from "../support/world-state.ts";
import type { CrashWorld } from "./crash-world.ts";
import { killDaemon } from "../support/kill-daemon.ts";
import { untilQuiet } from "../support/until-quiet.ts";

/**
 * Nothing is left over, nobody else was disturbed. Starts a daemon when none runs.
 * @param allowed leftovers that this once are none.
 */
export async function expectOrder(crash: CrashWorld, allowed: readonly string[] = []): Promise<void> {
  const { world, bystander, sleeper } = crash;
  await ask(crash, ["vm", "list"]);
  expect(await untilQuiet(world, allowed, () => ask(crash, ["vm", "list"]))).toEqual([]);
  const vms = new Map(listVms(world).map((vm) => [vm.name, vm]));
  expect(vms.get(bystander.name)).toMatchObject({ state: "running", pid: bystander.pid });
  expect(vms.get(sleeper)).toMatchObject({ state: "stopped", pid: undefined });
  expect(await ask(crash, ["vm", "exec", bystander.name, "--", "echo", "here"])).toBe("here\n");
}

/** Another daemon finds nothing more to put in order. */
export async function expectSettled(crash: CrashWorld): Promise<void> {
  const { world } = crash;
  const look = (): unknown => ({ database: dumpDatabase(world), folders: listFolders(world) });
  const before = look();
  await killDaemon(world);
  await ask(crash, ["vm", "list"]);
  expect(look()).toEqual(before);
}

/** What is armed may happen behind the back of the command that it was meant for, and so under one of ours: that is asked again. */
async function ask(crash: CrashWorld, words: readonly string[]): Promise<string> {
  const { world } = crash;
  const ran = await world.banger(words);
  if (ran.code === 0) return ran.stdout;
  if (!crash.hasFired()) throw new Error(`banger ${words.join(" ")} ended with ${ran.code}: ${ran.stdout}${ran.stderr}`);
  return world.ok(words);
}
