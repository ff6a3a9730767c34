import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { NO_COMMANDS } from "../contract/schemas/image-commands.ts";
import { makeSystem } from "../system/make-system.ts";
import type { Log } from "../system/system.ts";
import { makeVmRows, VM_MIGRATIONS } from "./vm-rows.ts";

const ignore = (): void => undefined;
const log: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** As the first version wrote them. */
const PLAN = {
  image: "debian-bookworm",
  kernel: "debian-6.12",
  driver: "qemu",
  cpus: 2,
  memoryMiB: 1024,
  layerBytes: 2 ** 30,
  workBytes: 2 ** 31,
  nat: false,
  unsafeNet: false,
  allowHost: [],
  allowLan: [],
  init: "agent",
  env: { A: "1" },
  ephemeral: false,
};
const BOOT = {
  vmm: { driver: "qemu", vmId: "1", identity: { pid: 7, startTicks: 8, bootId: "b" }, runFolder: "/run/v/1" },
  acceleration: "tcg",
  accelerationReason: "no kvm",
  networkMode: "none",
  networkWhy: "",
  address: null,
  startedAt: 5,
  stages: [{ stage: "boot", elapsedMs: 3 }],
};
const GIVEN = { name: "vm-1", cpus: 2, memoryMiB: 1024, layerBytes: 2 ** 30, workBytes: 2 ** 31, env: { A: "1" }, network: null };

test.each(VM_MIGRATIONS.map((_, index) => index + 1))(
  "a database of the first %d migrations opens, and a row that cannot be read harms no other",
  (count) => {
    const folder = mkdtempSync("/tmp/banger-rows-");
    const { databases } = makeSystem({ BANGER_HOME: folder }, log);
    const path = join(folder, "db");
    try {
      const before = databases.open(path, VM_MIGRATIONS.slice(0, count));
      // Rows of the first version, which later migrations find when they come.
      for (const [id, plan] of [
        ["1", JSON.stringify(PLAN)],
        ["2", "not json"],
      ] as const) {
        if (count > 1) break;
        before.run("INSERT INTO vms VALUES (?, ?, ?, 1, NULL, ?, ?, 9)", id, `vm-${id}`, "running", plan, JSON.stringify(BOOT));
      }
      before[Symbol.dispose]();
      using after = databases.open(path, VM_MIGRATIONS);
      const rows = makeVmRows(after);
      if (count > 1) return expect(rows.list()).toEqual({ records: [], unreadable: [] });
      expect(rows.list()).toMatchObject({
        records: [
          {
            name: "vm-1",
            plan: { ...PLAN, network: null, labels: {}, requirements: [], commands: NO_COMMANDS },
            boot: { ...BOOT, given: GIVEN, requirements: [] },
          },
        ],
        unreadable: [{ name: "vm-2" }],
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
