import { expect, test } from "bun:test";
import type { System } from "../../system/system.ts";
import type { KeptConsole } from "../console/console.ts";
import { EventWatch } from "./event-watch.ts";
import { QemuVmm } from "./qemu-vmm.ts";
import type { Qmp } from "./qmp.ts";

const record = { driver: "qemu", vmId: "0123456789ab", identity: { pid: 1, startTicks: 1, bootId: "" }, runFolder: "/run" };
const console = { drained: async () => undefined, letGo: () => undefined } as unknown as KeptConsole;
const note = { consoleLogPath: "/console.log", consoleLogStart: 0, vmmLogPath: "/vmm.log", vmmLogStart: 0 };

/** A computer whose logs go between the look at them and their reading, as when a vm is deleted by force. */
function makeComputer(logged: string[]): System {
  const find = async (): Promise<never> => Promise.reject(new Error("ENOENT"));
  return { files: { find }, log: { error: (message: string) => void logged.push(message) } } as unknown as System;
}

test("an end is told even when its logs cannot be read", async () => {
  const logged: string[] = [];
  const parts = { system: makeComputer(logged), record, note, console, qmp: undefined, events: new EventWatch() };
  const killed = new QemuVmm({ ...parts, ended: Promise.resolve({ code: undefined, signal: "SIGKILL" }) });
  expect(await killed.exited).toEqual({ reason: "crashed", detail: "ended by SIGKILL" });
  expect(logged).toHaveLength(1);
});

test("an end is told even when the process cannot be watched", async () => {
  const watchEnd = async (): Promise<never> => Promise.reject(new Error("EMFILE"));
  const system = { ...makeComputer([]), processes: { watchEnd } } as unknown as System;
  const vmm = new QemuVmm({ system, record, note: undefined, console, qmp: undefined, events: new EventWatch() });
  expect(await vmm.exited).toEqual({ reason: "crashed", detail: "it cannot be watched any more: Error: EMFILE" });
});

test("a stop that QEMU may still have heard is taken back", async () => {
  const asked: string[] = [];
  const execute = async (command: string): Promise<unknown> => {
    asked.push(command);
    if (command === "stop") throw new Error("it did not answer in time");
    return {};
  };
  const qmp = { execute, ended: new Promise<void>(() => undefined) } as unknown as Qmp;
  const vmm = new QemuVmm({
    system: makeComputer([]),
    record,
    note,
    console,
    qmp,
    events: new EventWatch(),
    ended: new Promise(() => undefined),
  });
  await expect(vmm.pause()).rejects.toThrow("in time");
  expect(asked).toEqual(["stop", "cont"]);
});
