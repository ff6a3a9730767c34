/** The config as it holds: what the file says and, for what it leaves out, what is taken instead. */
import { parse } from "smol-toml";
import { exactSize } from "../contract/sizes.ts";
import { DEFAULT_LAYER_BYTES, DEFAULT_WORK_BYTES } from "../disks/disks.ts";
import { lineOf } from "./config.ts";

/** What holds where the file says nothing. */
export const CONFIG_DEFAULTS = {
  image: "debian-bookworm",
  kernel: "debian-6.12",
  driverOrder: ["qemu"],
  qemuBinary: "qemu-system-x86_64",
  memoryBytes: 2 ** 30,
  layerBytes: DEFAULT_LAYER_BYTES,
  workBytes: DEFAULT_WORK_BYTES,
  /** An emulated guest on a busy computer may need most of it. */
  bootDeadlineMs: 180_000,
  networkMode: "auto",
  consoleBytes: 16 * 2 ** 20,
  kernelMirror: "https://cdn.kernel.org/pub/linux/kernel",
  /** In this order: the second strips user ids that nobody verified, and gpg takes no key without any. */
  keyservers: ["https://keyserver.ubuntu.com", "https://keys.openpgp.org"],
} as const;

/** As typed in the file; null for what is found out when it is wanted. */
export type ConfigValue = string | string[] | null;

export interface ConfigEntry {
  readonly key: string;
  readonly value: ConfigValue;
  readonly source: "default" | "file";
  /** Of the file, from 1. */
  readonly line: number | null;
}

const DEFAULT_VALUES: Readonly<Record<string, ConfigValue>> = {
  default_image: CONFIG_DEFAULTS.image,
  default_kernel: CONFIG_DEFAULTS.kernel,
  "debian.mirror": null,
  "debian.security_mirror": null,
  "drivers.order": [...CONFIG_DEFAULTS.driverOrder],
  "drivers.qemu_binary": CONFIG_DEFAULTS.qemuBinary,
  "defaults.memory": typedSize(CONFIG_DEFAULTS.memoryBytes),
  "defaults.disk": typedSize(CONFIG_DEFAULTS.layerBytes),
  "defaults.work_disk": typedSize(CONFIG_DEFAULTS.workBytes),
  "defaults.boot_deadline": `${CONFIG_DEFAULTS.bootDeadlineMs / 60_000}m`,
  "network.mode": CONFIG_DEFAULTS.networkMode,
  "logs.console": typedSize(CONFIG_DEFAULTS.consoleBytes),
  "kernel_build.mirror": CONFIG_DEFAULTS.kernelMirror,
  "kernel_build.keyservers": [...CONFIG_DEFAULTS.keyservers],
  "ssh.key": null,
  "proxy.listen": null,
  registries: [],
  catalogs: [],
};

/** Every key, in the order of the page about the config. `text` has passed `parseConfig`; undefined when there is no file. */
export function listConfigEntries(text: string | undefined): readonly ConfigEntry[] {
  const typed: Readonly<Record<string, unknown>> = text === undefined ? {} : parse(text);
  return Object.entries(DEFAULT_VALUES).map(([key, byDefault]) => {
    const path = key.split(".");
    const value = path.reduce<unknown>((within, part) => (within as Record<string, unknown> | undefined)?.[part], typed);
    if (value === undefined || text === undefined) return { key, value: byDefault, source: "default", line: null };
    return { key, value: shownValue(value), source: "file", line: lineOf(path, text) ?? firstLine(key, value, text) };
  });
}

function shownValue(value: unknown): ConfigValue {
  if (Array.isArray(value)) return value.map(shownItem);
  return isTable(value) ? Object.keys(value) : String(value);
}

/** Of tables that have none around them that is opened by a line of its own. */
function firstLine(key: string, value: unknown, text: string): number | null {
  const [first] = isTable(value) ? Object.keys(value) : [];
  return first === undefined ? null : (lineOf([key, first], text) ?? null);
}

function isTable(value: unknown): value is object {
  return typeof value === "object" && value !== null && !(value instanceof Date);
}

/** Of a table its name. */
function shownItem(item: unknown): string {
  return String(typeof item === "object" && item !== null && "name" in item ? item.name : item);
}

/** `20G`: as somebody would type it. */
function typedSize(bytes: number): string {
  return exactSize(bytes).replace(/ ([KMGT])iB$/, "$1");
}
