import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readiness } from "../contract/readiness.ts";
import { makeFakeRooms } from "./fake-rooms.ts";
import { main } from "./main.ts";
import type { Wire } from "./rooms.ts";

let world = new AsyncDisposableStack();
// Asking for the umask means setting it: nothing else runs yet.
const umask = process.umask(0o022);
afterEach(async () => {
  await world.disposeAsync();
  world = new AsyncDisposableStack();
  process.umask(umask);
});

function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), "banger-main-"));
  world.defer(() => rmSync(home, { recursive: true }));
  return home;
}

/** Starts a daemon in this process and waits for its line. */
async function startDaemon(home: string, log: string[] = []) {
  const stop = new AbortController();
  const readyPath = join(home, `ready-${log.length}-${Math.random()}`);
  const wire: Wire = async ({ system }) => {
    const rooms = makeFakeRooms(system);
    const { vms } = rooms;
    const reconciled = { ...vms, reconcile: async () => void log.push("reconciled") };
    return { ...rooms, vms: reconciled, [Symbol.asyncDispose]: async () => void log.push("closed") };
  };
  const ended = main({ environment: { BANGER_HOME: home }, readyDescriptor: openSync(readyPath, "w"), wire, signal: stop.signal });
  ended.catch(() => undefined);
  let line = "";
  while (line === "") {
    await new Promise((resolve) => setImmediate(resolve));
    line = readFileSync(readyPath, "utf8");
  }
  return { readiness: JSON.parse(line) as Readiness, stop: () => stop.abort(), ended };
}

const socketOf = (home: string): string => join(home, "run/banger.sock");
const versionOf = async (home: string): Promise<unknown> => (await fetch("http://b/v1/version", { unix: socketOf(home) })).json();

describe("a daemon", () => {
  test.each([
    ["it is a folder", (path: string) => mkdirSync(path)],
    ["it leads to a folder", (path: string) => symlinkSync("/", path)],
    ["it leads to nothing", (path: string) => symlinkSync("/nowhere/at/all", path)],
  ])("does not start with a config of which %s", async (why, plant) => {
    const home = makeHome();
    mkdirSync(join(home, "config"));
    plant(join(home, "config/config.toml"));
    const { readiness } = await startDaemon(home);
    expect(readiness).toMatchObject({ ready: false, error: { code: "invalid_config", message: expect.stringContaining(why) } });
  });

  test("reconciles, listens, says so, and closes what it opened when it is told to end", async () => {
    const home = makeHome();
    const log: string[] = [];
    const daemon = await startDaemon(home, log);
    expect(daemon.readiness).toEqual({ ready: true, pid: process.pid });
    expect(log).toEqual(["reconciled"]);
    expect(await versionOf(home)).toMatchObject({ pid: process.pid });
    daemon.stop();
    await daemon.ended;
    expect(log).toEqual(["reconciled", "closed"]);
    expect(existsSync(socketOf(home))).toBe(false);
  });

  test("leaves socket, folders and database to nobody else", async () => {
    const home = makeHome();
    const daemon = await startDaemon(home);
    for (const name of ["run", "state", "run/banger.sock"]) expect(statSync(join(home, name)).mode & 0o077).toBe(0);
    daemon.stop();
    await daemon.ended;
  });

  test("is alone in its state folder, and the next one may come when it has ended", async () => {
    const home = makeHome();
    const first = await startDaemon(home);
    const second = await startDaemon(home);
    expect(second.readiness).toMatchObject({ ready: false, error: { code: "daemon_running" } });
    expect(await versionOf(home)).toMatchObject({ pid: process.pid });
    first.stop();
    await first.ended;
    const third = await startDaemon(home);
    expect(third.readiness.ready).toBe(true);
    third.stop();
    await third.ended;
  });
});

test("a daemon whose socket was removed ends, so that the next one may come", async () => {
  for (const remove of [socketOf, (home: string) => join(home, "run")]) {
    const home = makeHome();
    const first = await startDaemon(home);
    rmSync(remove(home), { recursive: true });
    await first.ended;
    const second = await startDaemon(home);
    expect(await versionOf(home)).toMatchObject({ pid: process.pid });
    second.stop();
    await second.ended;
  }
});

test("a daemon without its database does not take the disks of vms for something left over", async () => {
  const home = makeHome();
  mkdirSync(join(home, "state/vms/0123456789ab"), { recursive: true });
  chmodSync(join(home, "state"), 0o700);
  const log: string[] = [];
  const { readiness } = await startDaemon(home, log);
  expect(readiness).toMatchObject({
    ready: false,
    error: {
      code: "database_missing",
      message: expect.stringContaining("has the disks of 1 vm that it knew"),
      hint: expect.stringContaining("put a copy of it back"),
    },
  });
  expect(log).toEqual([]);
  expect(existsSync(join(home, "state/vms/0123456789ab"))).toBe(true);
});

test("a daemon that fails when it listens already listens no more when it says so", async () => {
  const home = makeHome();
  mkdirSync(join(home, "state/daemon.json/in the way"), { recursive: true });
  chmodSync(join(home, "state"), 0o700);
  expect((await startDaemon(home)).readiness).toMatchObject({ ready: false });
  expect(existsSync(socketOf(home))).toBe(false);
});

describe("a folder that others could tamper with is refused, with what to type", () => {
  test("one that others may enter", async () => {
    const home = makeHome();
    mkdirSync(join(home, "run"));
    chmodSync(join(home, "run"), 0o755);
    const { readiness } = await startDaemon(home);
    expect(readiness).toMatchObject({ error: { code: "folder_not_private", hint: `chmod 700 ${home}/run` } });
  });

  test("a link", async () => {
    const home = makeHome();
    mkdirSync(join(home, "elsewhere"), { mode: 0o700 });
    symlinkSync(join(home, "elsewhere"), join(home, "run"));
    expect((await startDaemon(home)).readiness).toMatchObject({
      error: { code: "folder_not_private", message: expect.stringContaining("it is a link") },
    });
  });
});
