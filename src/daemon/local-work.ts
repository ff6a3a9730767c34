import type { LocalWork } from "../contract/local-work.ts";
import { makeJsonLog } from "../system/json-log.ts";
import { makeSystem } from "../system/make-system.ts";
import { installUnits, uninstallUnits } from "./units/install-units.ts";
import { makeUnitFiles } from "./units/unit-files.ts";

/**
 * What the command line does in its own process.
 * @param self the program, and its arguments that make it be the command line.
 */
export function makeLocalWork(environment: Readonly<Record<string, string | undefined>>, self: readonly string[]): LocalWork {
  const uid = process.getuid?.() ?? -1;
  const system = makeSystem(environment, makeJsonLog(2));
  return {
    listUnits: (scope) => makeUnitFiles({ scope, self, environment }),
    installUnits: (scope) => installUnits(system, { scope, self, environment }, uid),
    uninstallUnits: (scope) => uninstallUnits(system, { scope, self, environment }, uid),
  };
}
