/** Which modules must be loaded for a list of drivers, in which order. */
import { BangerError } from "../../contract/errors.ts";
import type { ModuleInfo } from "./module-info.ts";

export interface ModuleLookup {
  /** Built into the kernel: nothing to load. */
  isBuiltIn(name: string): boolean;
  /** Undefined when there is no such module. */
  find(name: string): Promise<ModuleInfo | undefined>;
}

/**
 * Names in load order, each once; built-in ones are left out, and roots that are nowhere.
 * Throws `invalid` `module_missing` when a module needs one that is not there, or itself.
 */
export async function closeOverModules(roots: readonly string[], lookup: ModuleLookup): Promise<readonly string[]> {
  const order: string[] = [];
  const open: string[] = [];
  const visit = async (name: string, wantedBy: string | undefined): Promise<void> => {
    if (order.includes(name) || lookup.isBuiltIn(name)) return;
    if (open.includes(name)) throw missing(`module ${name} depends on itself`);
    const info = await lookup.find(name);
    if (info === undefined) {
      if (wantedBy === undefined) return;
      throw missing(`module ${wantedBy} needs ${name}, which is not there`);
    }
    open.push(name);
    for (const needed of info.softBefore)
      if ((await lookup.find(needed)) !== undefined && !open.includes(needed)) await visit(needed, name);
    for (const needed of info.depends) await visit(needed, name);
    open.pop();
    order.push(name);
  };
  for (const root of roots) await visit(root, undefined);
  return order;
}

function missing(why: string): BangerError {
  return new BangerError("invalid", "module_missing", `cannot use the modules of this kernel: ${why}`);
}
