import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeJsonLog } from "../json-log.ts";
import { makeSystem } from "../make-system.ts";
import type { System } from "../system.ts";
import { DATABASE_EFFECTS, FILE_EFFECTS, PROCESS_EFFECTS, ROW_EFFECTS, SOCKET_EFFECTS } from "./effects.ts";

let home: string;
let control: string;
let system: System;

const set = (value: unknown): void => writeFileSync(control, JSON.stringify(value));
const recorded = (): readonly string[] => readFileSync(join(home, "points"), "utf8").trimEnd().split("\n");

beforeEach(() => {
  home = mkdtempSync("/tmp/banger-failpoints-");
  control = join(home, "control");
  system = makeSystem({ BANGER_HOME: home, PATH: process.env["PATH"], BANGER_FAILPOINTS: control }, makeJsonLog(2));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe("every member of the room", () => {
  const parts = [
    ["files", () => system.files, FILE_EFFECTS],
    ["processes", () => system.processes, PROCESS_EFFECTS],
    ["sockets", () => system.sockets, SOCKET_EFFECTS],
    ["databases", () => system.databases, DATABASE_EFFECTS],
    ["database", () => system.databases.open(":memory:", []), ROW_EFFECTS],
  ] as const;
  test.each(parts)("%s is told to be an effect or a look", (_name, part, effects) => {
    expect(Object.keys(effects).toSorted()).toEqual(Object.keys(part()).toSorted());
  });
});

describe("recording", () => {
  test("names what is reached, in order, without what differs from run to run", async () => {
    set({ record: join(home, "points") });
    const folder = system.layout.vmFolder("0123456789ab");
    await system.files.makeFolder(folder);
    await system.files.write(join(folder, "note"), "x");
    await system.files.find(folder);
    await system.processes.run(["/bin/true"], { timeoutMs: 5000 });
    using database = system.databases.open(join(system.layout.roots.state, "a.db"), []);
    database.transaction(() => database.run("CREATE TABLE vms (id TEXT)"));
    database.run("INSERT OR REPLACE INTO vms (id) VALUES (?)", "a");
    await system.files.removeTree(folder);
    expect(recorded()).toEqual([
      ...around("files.makeFolder state/vms/ID"),
      ...around("files.write state/vms/ID/note"),
      ...around("processes.run true"),
      ...around("databases.open state/a.db"),
      "before database.transaction",
      ...around("database.run CREATE vms"),
      "after database.transaction",
      ...around("database.run INSERT vms"),
      ...around("files.removeTree state/vms/ID"),
    ]);
  });
});

describe("a point that was told to", () => {
  // Below a root: the name of a folder that chance has named may look like a number.
  const path = (): string => join(system.layout.roots.state, "file");
  beforeEach(() => system.files.makeFolder(system.layout.roots.state));

  test("fail before does so, at the n-th time and only once, and nothing was done", async () => {
    set({ point: "before files.write state/file", nth: 2, action: "fail" });
    await system.files.write(path(), "first");
    await expect(system.files.write(path(), "second")).rejects.toMatchObject({ code: "failpoint", kind: "unavailable" });
    expect(readFileSync(path(), "utf8")).toBe("first");
    expect([existsSync(control), existsSync(`${control}.fired`)]).toEqual([false, true]);
    await system.files.write(path(), "third");
    expect(readFileSync(path(), "utf8")).toBe("third");
  });

  test("fail counts anew when it is told so again", async () => {
    for (const _ of [1, 2]) {
      set({ point: "before files.write state/file", nth: 1, action: "fail" });
      await expect(system.files.write(path(), "x")).rejects.toMatchObject({ code: "failpoint" });
      await system.files.write(path(), "x");
    }
  });

  test("fail after does so when it was done", async () => {
    set({ point: "after files.write state/file", nth: 1, action: "fail" });
    await expect(system.files.write(path(), "first")).rejects.toMatchObject({ code: "failpoint" });
    expect(readFileSync(path(), "utf8")).toBe("first");
  });

  test("fail after a call that answers at once throws", () => {
    const lock = "after files.lock state/file";
    set({ point: lock, nth: 1, action: "fail" });
    expect(() => system.files.lock(path())).toThrow(lock);
  });

  test("fail after a program was started ends it, with what it started", async () => {
    set({ point: "after processes.startDetached sh", nth: 1, action: "fail" });
    const marker = join(home, "marker");
    const argv = ["sh", "-c", `sleep 60 & echo $! > ${marker}; wait`, marker];
    await expect(system.processes.startDetached(argv, { logPath: join(home, "log") })).rejects.toMatchObject({ code: "failpoint" });
    // Its child is killed with it, and ends a moment later.
    for (const { pid, startTicks, bootId } of system.processes.findByArgument(marker))
      await system.processes.watchEnd({ pid, startTicks, bootId }, AbortSignal.timeout(20_000));
    expect(system.processes.findByArgument(marker)).toEqual([]);
  });

  test("fail after a child was started ends it", async () => {
    set({ point: "after processes.start sleep", nth: 1, action: "fail" });
    await expect(system.processes.start(["sleep", "61.0625"], { timeoutMs: 60_000 })).rejects.toMatchObject({ code: "failpoint" });
    expect(system.processes.findByArgument("61.0625")).toEqual([]);
  });

  test("fail after a lock was taken gives it back", () => {
    set({ point: "after files.lock state/file", nth: 1, action: "fail" });
    expect(() => system.files.lock(path())).toThrow("told to fail");
    using lock = system.files.lock(path());
    expect(lock).toBeDefined();
  });

  test("wait goes on", async () => {
    set({ point: "before files.write state/file", nth: 1, action: "wait" });
    await system.files.write(path(), "late");
    expect(existsSync(`${control}.fired`)).toBe(true);
    expect(readFileSync(path(), "utf8")).toBe("late");
  });

  test.each(["before", "after"] as const)("kill %s ends the process there", async (moment) => {
    const program = `
      const { makeSystem } = await import(${JSON.stringify(join(import.meta.dir, "../make-system.ts"))});
      const { makeJsonLog } = await import(${JSON.stringify(join(import.meta.dir, "../json-log.ts"))});
      const { files } = makeSystem(process.env, makeJsonLog(2));
      await files.write(${JSON.stringify(path())}, "done");
      await files.write(${JSON.stringify(`${path()}.2`)}, "never");`;
    set({ point: `${moment} files.write state/file`, nth: 1, action: "kill" });
    const child = Bun.spawn([process.execPath, "-e", program], { env: { BANGER_HOME: home, BANGER_FAILPOINTS: control } });
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
    expect([existsSync(path()), existsSync(`${path()}.2`)]).toEqual([moment === "after", false]);
  });

  test("be something unknown is an error, not silence", async () => {
    set({ point: "x", nth: 1, action: "explode" });
    await expect(system.files.write(path(), "x")).rejects.toThrow();
  });
});

test("without the variable nothing is wrapped", () => {
  const plain = makeSystem({ BANGER_HOME: home }, makeJsonLog(2));
  set({ point: `before files.lock ${home}/x`, nth: 1, action: "fail" });
  plain.files.lock(join(home, "x"))?.[Symbol.dispose]();
  expect(existsSync(control)).toBe(true);
});

function around(what: string): readonly string[] {
  return [`before ${what}`, `after ${what}`];
}
