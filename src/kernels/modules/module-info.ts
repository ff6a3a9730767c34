/** What a kernel module says about itself, in its section `.modinfo`. */
import { findElfSection } from "../formats/elf.ts";

export interface ModuleInfo {
  /** Names of modules that must be loaded before. */
  readonly depends: readonly string[];
  /** Names of modules or crypto aliases that should be loaded before, when they are there. */
  readonly softBefore: readonly string[];
  /** The kernel it was built for. */
  readonly kernelVersion: string | undefined;
}

/** Throws `Error` on what is not a module. */
export function parseModuleInfo(module: Uint8Array): ModuleInfo {
  const section = findElfSection(module, ".modinfo");
  if (section === undefined) throw new Error("it is not a kernel module");
  const pairs = Buffer.from(section)
    .toString("utf8")
    .split("\0")
    .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)] as const);
  const values = (key: string): readonly string[] => pairs.filter(([name]) => name === key).map(([, value]) => value);
  return {
    depends: values("depends")
      .flatMap((list) => list.split(","))
      .filter((name) => name !== "")
      .map(moduleName),
    softBefore: values("softdep").flatMap(parseSoftBefore).map(moduleName),
    kernelVersion: values("vermagic")[0]?.split(" ")[0],
  };
}

/** `pre: a b post: c` -> a, b. */
function parseSoftBefore(text: string): readonly string[] {
  const before = /(?:^|\s)pre:\s*(.*?)\s*(?:post:|$)/.exec(text)?.[1] ?? "";
  return before.split(/\s+/).filter((name) => name !== "");
}

/** Modules call themselves with underscores, their files may have hyphens: to the kernel they are the same. */
export function moduleName(text: string): string {
  return text.replaceAll("-", "_");
}
