import { expect, test } from "bun:test";
import type { Agent } from "../agent/agent.ts";
import { BangerError } from "../contract/errors.ts";
import type { Clock } from "../system/system.ts";
import { installInit } from "./install-init.ts";

interface Told {
  readonly progress: (readonly unknown[])[];
  readonly notes: string[];
}

/** With a clock that stands unless a line moves it, and a deadline that comes when `isLate`. */
async function run(install: Agent["install"], { stepMs = 0, isLate = false, signal = new AbortController().signal } = {}): Promise<Told> {
  let nowMs = 0;
  const clock = {
    monotonicMs: () => (nowMs += stepMs),
    sleep: (_ms: number, over?: AbortSignal) =>
      isLate
        ? Promise.resolve()
        : new Promise<void>((_resolve, reject) => over?.addEventListener("abort", () => reject(new Error("over")))),
  } as unknown as Clock;
  const told: Told = { progress: [], notes: [] };
  const stage = { progress: (...words: readonly unknown[]) => told.progress.push(words), note: (text: string) => told.notes.push(text) };
  const agent = { install } as unknown as Agent;
  await installInit({ agent, installs: { init: "systemd", family: "debian" } }, clock, stage, signal);
  return told;
}

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const give = (): void => reject(new BangerError("cancelled", "cancelled", "aborted"));
    if (signal.aborted) give();
    signal.addEventListener("abort", give);
  });

test("shows what the package manager says, not too often and not too much of it", async () => {
  const talk: Agent["install"] = async (onLine) => {
    for (let line = 1; line <= 10; line += 1) onLine(`${line}${"x".repeat(200)}`);
  };
  const slow = await run(talk, { stepMs: 250 });
  expect(slow.progress.map(([count]) => count)).toEqual([1, 3, 5, 7, 9]);
  expect(String(slow.progress[0]?.[3])).toHaveLength(100);
  expect(slow.notes).toEqual(["systemd, by the package manager of debian"]);
  expect((await run(talk)).progress).toHaveLength(1);
});

test("tells a failure with the last word of the package manager", async () => {
  const failing: Agent["install"] = async (onLine) => {
    onLine("E: no such package");
    throw new BangerError("unavailable", "install_failed", "it ended with code 100");
  };
  await expect(run(failing)).rejects.toMatchObject({
    kind: "unavailable",
    code: "install_failed",
    message: "cannot install systemd by the package manager of debian: it ended with code 100; its last word: E: no such package",
  });
});

test("gives up at its own deadline, when somebody cancels, and leaves other failures as they are", async () => {
  await expect(run((_onLine, signal) => untilAborted(signal), { isLate: true })).rejects.toMatchObject({
    kind: "timeout",
    message: "cannot install systemd by the package manager of debian: it was not done in 45 minutes",
  });
  const cancel = new AbortController();
  const cancelled = run((_onLine, signal) => untilAborted(signal), { signal: cancel.signal });
  cancel.abort(new BangerError("cancelled", "cancelled", "by somebody"));
  await expect(cancelled).rejects.toMatchObject({ message: "by somebody" });
  const lost = new BangerError("unavailable", "guest_connection_lost", "gone");
  await expect(run(() => Promise.reject(lost))).rejects.toBe(lost);
});
