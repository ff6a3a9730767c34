import { expect, test } from "bun:test";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeJsonLog } from "../../system/json-log.ts";
import { makeSystem } from "../../system/make-system.ts";
import type { FileInfo, RunResult, System } from "../../system/system.ts";
import { EXIT_CODE } from "./probe-elf.ts";
import { makeProbe } from "./probe.ts";

const never = new AbortController().signal;
const ENDED: RunResult = { code: EXIT_CODE, signal: undefined, stdout: "", stderr: "" };
const device: FileInfo = { kind: "other", bytes: 0, allocatedBytes: 0, mode: 0o660, uid: 0, links: 1, id: "1:1", modifiedMs: 1 };

/** A computer whose CPU virtualizes: what is at /dev/kvm, and whether guests run under it. */
interface Computer {
  kvm: FileInfo;
  mayUseKvm: boolean;
  qemuMs: number;
  kvmRuns: boolean;
  /** With which acceleration guests were run. */
  readonly runs: string[];
  /** As by a daemon that has just started. */
  probe(): Promise<object>;
}

async function withComputer(body: (computer: Computer) => Promise<void>): Promise<void> {
  const home = await fs.mkdtemp(join(tmpdir(), "banger-probe-"));
  await using _home = { [Symbol.asyncDispose]: () => fs.rm(home, { recursive: true }) };
  const real = makeSystem({ BANGER_HOME: home }, makeJsonLog(2));
  const run = async (argv: readonly string[]): Promise<RunResult> => {
    const acceleration = argv[argv.indexOf("-accel") + 1]?.split(",")[0] ?? "";
    computer.runs.push(acceleration);
    return acceleration === "kvm" && !computer.kvmRuns ? { ...ENDED, code: 1, stderr: "qemu: the module is broken\n" } : ENDED;
  };
  const system: System = {
    ...real,
    processes: {
      ...real.processes,
      which: () => "/usr/bin/qemu",
      run,
      runOk: async () => ({ ...ENDED, code: 0, stdout: "QEMU emulator version 9.1.0\n" }),
    },
    files: {
      ...real.files,
      find: async (path) => {
        if (path === "/usr/bin/qemu") return { ...device, modifiedMs: computer.qemuMs };
        return path === "/dev/kvm" ? computer.kvm : real.files.find(path);
      },
      mayUse: (path) => (path === "/dev/kvm" ? computer.mayUseKvm : real.files.mayUse(path)),
      readText: async (path, maxBytes) => (path === "/proc/cpuinfo" ? "flags\t\t: fpu vmx\n" : real.files.readText(path, maxBytes)),
    },
  };
  const computer: Computer = {
    kvm: device,
    mayUseKvm: true,
    qemuMs: 1,
    kvmRuns: false,
    runs: [],
    probe: () => makeProbe(system, "qemu")(never),
  };
  await body(computer);
}

test.each([true, false])("guests are run once a boot, also when it turns out %p that they run under KVM", (kvmRuns) =>
  withComputer(async (computer) => {
    computer.kvmRuns = kvmRuns;
    const first = await computer.probe();
    expect(first).toMatchObject(
      kvmRuns ? { usable: true, acceleration: "kvm" } : { acceleration: "tcg", reason: expect.stringContaining("the module is broken") },
    );
    expect(await computer.probe()).toEqual(first);
    expect(computer.runs).toEqual(["tcg", "kvm"]);
  }),
);

test.each<[string, (computer: Computer) => void, readonly string[]]>([
  ["/dev/kvm has another mode", (computer) => (computer.kvm = { ...device, mode: 0o666 }), ["kvm"]],
  ["/dev/kvm is made anew", (computer) => (computer.kvm = { ...device, modifiedMs: 2 }), ["kvm"]],
  ["we may use /dev/kvm now", (computer) => (computer.mayUseKvm = false), ["kvm"]],
  ["QEMU is another one", (computer) => (computer.qemuMs = 2), ["tcg", "kvm"]],
])("a verdict is asked for again when %s", (_name, change, runs) =>
  withComputer(async (computer) => {
    expect(await computer.probe()).toMatchObject({ acceleration: "tcg" });
    computer.runs.length = 0;
    change(computer);
    computer.kvmRuns = true;
    expect(await computer.probe()).toMatchObject({ acceleration: "kvm" });
    expect(computer.runs).toEqual([...runs]);
  }),
);
