/** One home, one daemon: whatever folder for sockets a session has, and however the daemon is. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openHome } from "./home.ts";

setDefaultTimeout(60_000);

test("a session with another folder for sockets, or none, has the same daemon", async () => {
  await using home = openHome({ BANGER_HOME: "" });
  const run = join(home.path, "run");
  mkdirSync(run, { mode: 0o700 });
  const session = { variables: { XDG_RUNTIME_DIR: run } };
  const made = await home.banger(["vm", "create", "dev"], session);
  expect(made.code).toBe(0);
  const { pid } = JSON.parse((await home.banger(["daemon", "status", "--json"], session)).stdout) as { pid: number };
  for (const variables of [{}, { XDG_RUNTIME_DIR: join(home.path, "other") }]) {
    expect(await home.banger(["ps", "-q"], { variables })).toEqual({ code: 0, stdout: "dev\n", stderr: "" });
    const status = await home.banger(["daemon", "status", "--json"], { variables });
    expect(JSON.parse(status.stdout)).toMatchObject({ pid, socket: join(run, "banger/banger.sock") });
  }
  expect(await home.banger(["daemon", "stop"])).toMatchObject({ code: 0, stdout: expect.stringContaining(`pid ${pid}`) });
});

test("sessions that start a daemon at the same time, each with a folder of its own, get one", async () => {
  await using home = openHome({ BANGER_HOME: "" });
  const folders = ["a", "b", "c", "d"].map((name) => join(home.path, name));
  for (const folder of folders) mkdirSync(folder, { mode: 0o700 });
  const all = await Promise.all(folders.map((folder) => home.banger(["ps", "--json"], { variables: { XDG_RUNTIME_DIR: folder } })));
  for (const { code, stdout } of all) expect({ code, stdout }).toEqual({ code: 0, stdout: '{"vms":[]}\n' });
});

test("a daemon that somebody stopped is told, with what to type", async () => {
  await using home = openHome();
  await home.banger(["daemon", "start"]);
  const { pid } = JSON.parse((await home.banger(["daemon", "status", "--json"])).stdout) as { pid: number };
  process.kill(pid, "SIGSTOP");
  try {
    const commands = [["ps"], ["vm", "create"], ["daemon", "status"], ["daemon", "stop"], ["exec", "dev", "--", "true"]];
    const all = await Promise.all(commands.map((words) => home.banger(words)));
    const stderr = `error: the banger daemon does not answer: it was stopped (pid ${pid})\ntry: kill -CONT ${pid}\n`;
    expect(all).toEqual([3, 3, 3, 3, 125].map((code) => ({ code, stdout: "", stderr })));
  } finally {
    process.kill(pid, "SIGCONT");
  }
});
