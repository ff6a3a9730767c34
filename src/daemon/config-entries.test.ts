import { expect, test } from "bun:test";
import { configSchema } from "./config.ts";
import { CONFIG_DEFAULTS, listConfigEntries } from "./config-entries.ts";

test("without a file every value is a default, and each default is one that the file could have", () => {
  const entries = listConfigEntries(undefined);
  expect(entries.every(({ source, line }) => source === "default" && line === null)).toBe(true);
  const tables: Record<string, Record<string, unknown>> = { "": {} };
  for (const { key, value } of entries) {
    const [last = "", table = ""] = key.split(".").toReversed();
    if (value !== null && key !== "registries" && last !== "qemu_binary") (tables[table] ??= {})[last] = value;
  }
  const { "": top, ...rest } = tables;
  expect(configSchema.parse({ ...top, ...rest })).toEqual({
    default_image: CONFIG_DEFAULTS.image,
    default_kernel: CONFIG_DEFAULTS.kernel,
    debian: {},
    drivers: { order: ["qemu"] },
    defaults: {
      memory: CONFIG_DEFAULTS.memoryBytes,
      disk: CONFIG_DEFAULTS.layerBytes,
      work_disk: CONFIG_DEFAULTS.workBytes,
      boot_deadline: CONFIG_DEFAULTS.bootDeadlineMs,
    },
    network: { mode: "auto" },
    logs: { console: CONFIG_DEFAULTS.consoleBytes },
    kernel_build: { mirror: CONFIG_DEFAULTS.kernelMirror, keyservers: [...CONFIG_DEFAULTS.keyservers] },
    ssh: {},
    proxy: {},
    registries: {},
    catalogs: [],
  });
});

test("what the file says is shown as it was typed, with its line", () => {
  const text = `# mine\ndefaults.memory = "1.5G"\n\n[drivers]\norder = ["fake", "qemu"]\n[[catalogs]]\nname = "acme"\n[[catalogs]]\nname = "corp"\n[registries."docker.io"]\nplain_http = true\n`;
  const entries = new Map(listConfigEntries(text).map(({ key, ...entry }) => [key, entry]));
  expect(entries.get("defaults.memory")).toEqual({ value: "1.5G", source: "file", line: 2 });
  expect(entries.get("drivers.order")).toEqual({ value: ["fake", "qemu"], source: "file", line: 5 });
  expect(entries.get("catalogs")).toEqual({ value: ["acme", "corp"], source: "file", line: 6 });
  expect(entries.get("registries")).toEqual({ value: ["docker.io"], source: "file", line: 10 });
  expect(entries.get("defaults.disk")).toEqual({ value: "20G", source: "default", line: null });
});
