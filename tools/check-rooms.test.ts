import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { checkFile } from "./check-rooms.ts";
import { SEES } from "./rooms.ts";

/** What the checker says of one line in one file. */
const said = (path: string, text: string): string => checkFile(path, `${text}\n`).join("\n");

describe("the plan of the house", () => {
  test("goes down only: no room sees one that sees it, by whatever way", () => {
    const reach = (room: string): readonly string[] => (SEES[room] ?? []).flatMap((next) => [next, ...reach(next)]);
    for (const room of Object.keys(SEES)) expect(reach(room)).not.toContain(room);
  });

  test("names only rooms that it has", () => {
    for (const seen of Object.values(SEES).flat()) expect(Object.keys(SEES)).toContain(seen);
  });
});

describe("imports between rooms", () => {
  test.each([
    ["vms/plan.ts", 'import type { Images } from "../images/images.ts";'],
    ["vms/plan.ts", 'import { row } from "./vm-rows.ts";'],
    ["drivers/qemu/qemu.ts", 'import type { Driver } from "../drivers.ts";'],
    ["drivers/qemu/qemu.ts", 'import type { Database } from "../../system/database.ts";'],
    ["agent/hello.ts", 'import { frame } from "../contract/frames.ts";'],
    ["daemon/wire.ts", 'import { makeQemu } from "../drivers/qemu/qemu.ts";'],
    ["daemon/wire.ts", 'import agent from "../../build/banger-agent" with { type: "file" };'],
    ["vms/create.test.ts", 'import { makeFake } from "../drivers/fake/fake.ts";'],
    ["cli/main.ts", 'await import("../daemon/run-daemon.ts");'],
    ["drivers/fake/fake.ts", 'import { x } from "./fake-guest.ts";'],
    ["cli/table.ts", 'import stringWidth from "string-width";'],
  ])("%s may: %s", (path, line) => {
    expect(said(path, line)).toBe("");
  });

  test.each([
    ["drivers/drivers.ts", 'import { x } from "../vms/vms.ts";', "drivers may not see vms"],
    ["images/images.ts", 'import { x } from "../kernels/kernels.ts";', "images may not see kernels"],
    ["cli/show.ts", 'import { x } from "../vms/vms.ts";', "cli may not see vms"],
    ["cli/show.ts", 'await import("../daemon/daemon.ts");', "cli may not see daemon"],
    ["sdk/client.ts", 'import { x } from "../system/system.ts";', "sdk may not see system"],
    ["contract/vm.ts", 'import { x } from "../system/system.ts";', "contract may not see system"],
    ["agent/agent.ts", 'import type { Vms } from "../vms/vms.ts";', "agent may not see vms"],
    ["agent/agent.ts", 'export type { Vms } from "../vms/vms.ts";', "agent may not see vms"],
    ["agent/agent.ts", 'export * from "../vms/vms.ts";', "agent may not see vms"],
    ["agent/agent.ts", 'type V = import("../vms/vms.ts").Vms;', "agent may not see vms"],
    ["agent/agent.ts", 'const vms = await import("../vms/vms.ts");', "agent may not see vms"],
    ["agent/agent.ts", 'const vms = require("../vms/vms.ts");', "agent may not see vms"],
    ["agent/agent.ts", "const vms = await import(somewhere);", "a computed import"],
    ["agent/agent.test.ts", 'import { x } from "../vms/vms.ts";', "agent may not see vms"],
    ["vms/create.ts", 'import { x } from "../drivers/qemu/qemu.ts";', "its door is drivers/drivers.ts"],
    ["vms/create.ts", 'import { x } from "../system/files.ts";', "its door is system/system.ts"],
    ["daemon/serve.ts", 'import { x } from "../vms/plan.ts";', "its door is vms/vms.ts"],
    ["agent/open-agent.ts", 'import { x } from "./test-clock.ts";', "for tests alone"],
    ["drivers/qemu/qemu.ts", 'import { x } from "../driver-suite.ts";', "for tests alone"],
  ])("%s may not: %s", (path, line, why) => {
    expect(said(path, line)).toContain(why);
  });

  test("up or sideways is refused for every pair of rooms that the plan does not join", () => {
    const room = fc.constantFrom(...Object.keys(SEES));
    fc.assert(
      fc.property(room, room, (from, to) => {
        const refused = said(`${from}/plan.ts`, `import type { X } from "../${to}/${to}.ts";`) !== "";
        expect(refused).toBe(from !== to && SEES[from]?.includes(to) !== true);
      }),
    );
  });
});

describe("what only few may do", () => {
  test.each([
    ["vms/plan.ts", 'import { readFileSync } from "node:fs";'],
    ["vms/plan.ts", 'import { readFile } from "fs/promises";'],
    ["vms/plan.ts", 'import { spawn } from "node:child_process";'],
    ["vms/plan.ts", 'import { dlopen } from "bun:ffi";'],
    ["vms/plan.ts", 'Bun.spawn(["true"]);'],
    ["vms/plan.ts", 'await Bun["write"]("a", "b");'],
    ["cli/main.ts", 'import { spawn } from "node:child_process";'],
  ])("%s does not touch the computer: %s", (path, line) => {
    expect(said(path, line)).toContain("only system touches the computer");
  });

  test.each([
    ["vms/plan.ts", 'process.env["HOME"];'],
    ["vms/plan.ts", "process['env'];"],
    ["system/system.ts", "Bun.env;"],
    ["system/system.ts", "import.meta.env;"],
    ["cli/table.ts", "process.env.NO_COLOR;"],
    ["cli/table.ts", "const { env } = process;"],
  ])("%s does not read the environment: %s", (path, line) => {
    expect(said(path, line)).toContain("read the environment");
  });

  test.each([
    ["system/files.ts", 'import { readFileSync } from "node:fs";'],
    ["vms/plan.test.ts", 'import { mkdtempSync } from "node:fs";'],
    ["daemon/config.ts", 'process.env["BANGER_HOME"];'],
    ["cli/main.ts", "process.env;"],
    ["cli/table.ts", "process.stdout.columns;"],
  ])("%s may: %s", (path, line) => {
    expect(said(path, line)).toBe("");
  });
});

describe("files", () => {
  test("are named after things, not roles", () => {
    for (const path of ["vms/utils.ts", "vms/vm-manager.ts", "vms/helpers/plan.ts", "vms/common.test.ts", "cli/service.ts"]) {
      expect(said(path, "")).toContain("names a role");
    }
    for (const path of ["vms/plan.ts", "vms/commonplace.ts", "cli/serviceable.ts"]) expect(said(path, "")).toBe("");
  });

  test("have at most 300 lines, or a reason", () => {
    const long = "//\n".repeat(301);
    expect(checkFile("vms/plan.ts", "//\n".repeat(300))).toEqual([]);
    expect(checkFile("vms/plan.test.ts", long)).toEqual([]);
    expect(said("vms/plan.ts", long)).toContain("lines");
    expect(checkFile("vms/plan.ts", `// Longer than 300 lines because the table is one thing.\n${long}`)).toEqual([]);
  });

  test("are in a room, and parse", () => {
    expect(said("plan.ts", "")).toContain("no room");
    expect(said("attic/plan.ts", "")).toContain("no room");
    expect(said("vms/plan.ts", "const = 1;")).toContain("src/vms/plan.ts:1:");
  });

  test("are told with the line", () => {
    expect(said("vms/plan.ts", '\n\nimport "node:fs";')).toStartWith("src/vms/plan.ts:3: ");
  });
});
