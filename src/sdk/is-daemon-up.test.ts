import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDaemonUp } from "./is-daemon-up.ts";
import { BOOT_ID, startTicksOf } from "./test-note.ts";

let note: string;
beforeEach(() => void (note = join(mkdtempSync(join(tmpdir(), "banger-note-")), "daemon.json")));
afterEach(() => rmSync(join(note, ".."), { recursive: true }));

const startTicks = startTicksOf(process.pid);
const bootId = BOOT_ID;

test("a process is up that has the pid and the start of the note", () => {
  writeFileSync(note, JSON.stringify({ pid: process.pid, startTicks, bootId, socket: "/s" }));
  expect(isDaemonUp(note)).toBe(true);
});

test.each([
  [
    "of a process with the same pid that started at another time",
    JSON.stringify({ pid: process.pid, startTicks: startTicks + 1, bootId, socket: "/s" }),
  ],
  ["of another boot", JSON.stringify({ pid: process.pid, startTicks, bootId: "00000000-0000-4000-8000-000000000000", socket: "/s" })],
  ["of no process", JSON.stringify({ pid: 2 ** 22 + 1, startTicks, bootId, socket: "/s" })],
  ["of something else", JSON.stringify({ pid: "../self", startTicks, bootId, socket: "/s" })],
  ["that does not say where it listens", JSON.stringify({ pid: process.pid, startTicks, bootId })],
  ["that says so by a relative path", JSON.stringify({ pid: process.pid, startTicks, bootId, socket: "s" })],
  ["cut off", '{"pid":'],
])("a note %s is of no daemon", (_name, text) => {
  writeFileSync(note, text);
  expect(isDaemonUp(note)).toBe(false);
});

test("a process that was killed and not waited for is not up", async () => {
  const child = Bun.spawn(["sh", "-c", "sleep 1000 & echo $!; kill -STOP $$"], { stdout: "pipe" });
  try {
    const { value } = await child.stdout.getReader().read();
    const pid = Number(new TextDecoder().decode(value));
    const statOf = (of: number): string => readFileSync(`/proc/${of}/stat`, "utf8").split(") ")[1] ?? "";
    // Stopped, the parent waits for nobody.
    while (!statOf(child.pid).startsWith("T")) await Bun.sleep(1);
    writeFileSync(note, JSON.stringify({ pid, startTicks: startTicksOf(pid), bootId, socket: "/s" }));
    expect(isDaemonUp(note)).toBe(true);
    process.kill(pid, "SIGKILL");
    while (!statOf(pid).startsWith("Z")) await Bun.sleep(1);
    expect(isDaemonUp(note)).toBe(false);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
});

test("no note is no daemon", () => expect(isDaemonUp(note)).toBe(false));
