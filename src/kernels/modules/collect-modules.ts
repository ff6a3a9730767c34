/** The modules of a kernel that a vm needs, read from `lib/modules/VERSION`, uncompressed and in load order. */
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { FileTree } from "../file-tree.ts";
import { findCompression } from "../formats/compression.ts";
import { decompressBytes } from "../formats/decompress-bytes.ts";
import type { KernelConfig } from "../formats/kernel-config.ts";
import { NEEDED_DRIVERS } from "./drivers.ts";
import { closeOverModules } from "./module-closure.ts";
import { moduleName, parseModuleInfo, type ModuleInfo } from "./module-info.ts";

export interface LoadableModule {
  readonly name: string;
  readonly content: Uint8Array;
}

export interface ModuleSource {
  readonly tree: FileTree;
  /** `lib/modules/6.12.1`; undefined when the kernel has no modules. */
  readonly folder: string | undefined;
  /** Undefined when it is not known how the kernel was configured. */
  readonly config: KernelConfig | undefined;
  readonly version: string | undefined;
}

const MODULE_MAX_BYTES = 64 * 2 ** 20;
const BUILTIN_LIST_MAX_BYTES = 4 * 2 ** 20;

/** Throws `unsupported` `drivers_missing`, `invalid` `modules_of_other_kernel`, `module_missing`, `not_a_module`. */
export async function collectModules(system: System, source: ModuleSource, signal: AbortSignal): Promise<readonly LoadableModule[]> {
  const paths = pathsByName(source);
  const builtIn = await readBuiltIn(source);
  const read = new Map<string, { readonly info: ModuleInfo; readonly content: Uint8Array }>();
  const load = async (name: string): Promise<ModuleInfo | undefined> => {
    const path = paths.get(name);
    if (path === undefined) return undefined;
    const known = read.get(name);
    if (known !== undefined) return known.info;
    const content = await readModule(system, source.tree, path, signal);
    const info = understood(path, content);
    checkVersion(source, path, info);
    read.set(name, { info, content });
    return info;
  };
  const isBuiltIn = (name: string): boolean =>
    builtIn.has(name) || NEEDED_DRIVERS.some(({ module, option }) => module === name && source.config?.isBuiltIn(option) === true);

  checkDrivers(source, builtIn.size > 0, (name) => isBuiltIn(name) || paths.has(name));
  const roots = NEEDED_DRIVERS.map((driver) => driver.module);
  const order = await closeOverModules(roots, { isBuiltIn, find: load });
  return order.flatMap((name) => {
    const content = read.get(name)?.content;
    return content === undefined ? [] : [{ name, content }];
  });
}

function pathsByName({ tree, folder }: ModuleSource): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  if (folder === undefined) return paths;
  for (const path of tree.names) {
    const file = path.startsWith(`${folder}/`) ? /\/([\w-]+)\.ko(?:\.xz|\.zst|\.gz)?$/.exec(path)?.[1] : undefined;
    if (file !== undefined) paths.set(moduleName(file), path);
  }
  return paths;
}

async function readBuiltIn({ tree, folder }: ModuleSource): Promise<ReadonlySet<string>> {
  const path = `${folder ?? ""}/modules.builtin`;
  if (folder === undefined || !tree.names.includes(path)) return new Set();
  const text = new TextDecoder().decode(await tree.read(path, BUILTIN_LIST_MAX_BYTES));
  return new Set(
    text
      .split("\n")
      .flatMap((line) => /([\w-]+)\.ko$/.exec(line)?.[1] ?? [])
      .map(moduleName),
  );
}

async function readModule(system: System, tree: FileTree, path: string, signal: AbortSignal): Promise<Uint8Array> {
  const file = await tree.read(path, MODULE_MAX_BYTES);
  const how = findCompression(file);
  return how === undefined ? file : decompressBytes(system, file, how, MODULE_MAX_BYTES, signal);
}

function understood(path: string, content: Uint8Array): ModuleInfo {
  try {
    return parseModuleInfo(content);
  } catch (error) {
    throw new BangerError(
      "invalid",
      "not_a_module",
      `cannot use the module ${path}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

function checkVersion(source: ModuleSource, path: string, info: ModuleInfo): void {
  if (source.version === undefined || info.kernelVersion === source.version) return;
  throw new BangerError(
    "invalid",
    "modules_of_other_kernel",
    `cannot use the module ${path}: it is for Linux ${info.kernelVersion ?? "of unknown version"}, and the kernel is ${source.version}`,
    { hint: "give the lib/modules folder of the same kernel" },
  );
}

/** A bare vmlinux without configuration cannot be asked what is in it; it is taken at its word. */
function checkDrivers(source: ModuleSource, knowsBuiltIn: boolean, has: (name: string) => boolean): void {
  if (!knowsBuiltIn && source.config === undefined) return;
  const missing = NEEDED_DRIVERS.filter(({ need, module }) => need === "required" && !has(module));
  if (missing.length === 0) return;
  throw new BangerError(
    "unsupported",
    "drivers_missing",
    `cannot use the kernel: it lacks ${missing.map(({ module }) => module).join(", ")}`,
    {
      hint: `build it with ${missing.map(({ option }) => `CONFIG_${option}`).join(", ")}, or give its modules`,
    },
  );
}
