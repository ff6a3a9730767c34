import { expect, test } from "bun:test";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeJsonLog } from "../../system/json-log.ts";
import { makeSystem } from "../../system/make-system.ts";
import { explainEnd } from "./explain-end.ts";
import { runPaths, writeRunNote } from "./run-folder.ts";

const ORDERLY = "banger-agent: power off\n[   12.0] reboot: Power down\n";

/** What a QEMU left whose start found `before` on the console, and that added `after`. */
async function explain(before: string, after: string, vmmLog = "", breakNote = false) {
  const home = await fs.mkdtemp(join(tmpdir(), "banger-end-"));
  await using _home = { [Symbol.asyncDispose]: () => fs.rm(home, { recursive: true }) };
  const system = makeSystem({ BANGER_HOME: home }, makeJsonLog(2));
  const [consoleLogPath, vmmLogPath] = [join(home, "console.log"), join(home, "vmm.log")];
  await fs.writeFile(consoleLogPath, before + after);
  await fs.writeFile(vmmLogPath, vmmLog);
  await writeRunNote(system.files, home, { consoleLogPath, consoleLogStart: before.length, vmmLogPath, vmmLogStart: 0 });
  if (breakNote) await fs.writeFile(runPaths(home).note, "{");
  return await explainEnd(system, {
    driver: "qemu",
    vmId: "0123456789ab",
    identity: { pid: 1, startTicks: 1, bootId: "" },
    runFolder: home,
  });
}

test("a power off of an earlier start says nothing of this one", async () => {
  expect(await explain(ORDERLY, "Linux version 6.12\n")).toEqual({ reason: "crashed", detail: "it is gone" });
  expect(await explain(ORDERLY, "")).toEqual({ reason: "crashed", detail: "it is gone" });
});

test("the last words of this start do", async () => {
  expect(await explain("", ORDERLY)).toEqual({ reason: "guest-power-off" });
  expect(await explain(ORDERLY, ORDERLY)).toEqual({ reason: "guest-power-off" });
  expect(await explain(ORDERLY, "Kernel panic - not syncing: no root\n")).toEqual({ reason: "guest-panic", detail: "no root" });
  expect(await explain("", "x", "no space\n")).toEqual({ reason: "crashed", detail: "it is gone: no space" });
});

test("without a note that can be read nothing is known", async () => {
  expect(await explain("", ORDERLY, "", true)).toBeUndefined();
});
