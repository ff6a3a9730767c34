import { BangerError } from "../contract/errors.ts";
import type { LocalWork } from "../contract/local-work.ts";
import type { DoctorReport } from "../contract/schemas/finding.ts";
import { userInfo } from "node:os";
import { runUnrecorded } from "../operations/operations.ts";
import { removeUserConfig, writeUserConfig } from "../ssh/ssh.ts";
import { makeJsonLog } from "../system/json-log.ts";
import { makeSystem } from "../system/make-system.ts";
import type { System } from "../system/system.ts";
import { parseConfig, type Config } from "./config.ts";
import { readConfigFile } from "./config-file.ts";
import { findHelper, placeHelper } from "./place-nethelper.ts";
import { installUnits, uninstallUnits } from "./units/install-units.ts";
import { makeUnitFiles } from "./units/unit-files.ts";
import { wireAbout, wireDoctor } from "./wire.ts";
import { wirePublishing, wireSigning } from "./wire-local.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What the command line does in its own process.
 * @param self the program, and its arguments that make it be the command line.
 */
export function makeLocalWork(environment: Variables, self: readonly string[]): LocalWork {
  const uid = process.getuid?.() ?? -1;
  const open = (): System => makeSystem(environment, makeJsonLog(2));
  return {
    findNetworkHelper: (user) => findHelper(open(), user, environment),
    placeNetworkHelper: (helper) => placeHelper(open(), helper, uid),
    listUnits: (scope) => makeUnitFiles({ scope, self, environment }),
    installUnits: (scope) => installUnits(open(), { scope, self, environment }, uid),
    uninstallUnits: (scope) => uninstallUnits(open(), { scope, self, environment }, uid),
    writeSshConfig: (text) => writeUserConfig(open(), homesOf(environment), text),
    removeSshConfig: () => removeUserConfig(open(), homesOf(environment)),
    ...wireSigning(open),
    ...wirePublishing(open, environment, readUsableConfig),
    findVersions: async () => {
      const system = open();
      const about = await wireAbout({ system, config: await readUsableConfig(system), proxies: environment });
      return { agent: await about.agentVersion(), drivers: await about.drivers() };
    },
    examine: async ({ deep }, onEvent) => {
      const system = tryToOpen(open);
      if ("findings" in system) return system;
      const doctor = wireDoctor({ system, config: await readUsableConfig(system), proxies: environment });
      return runUnrecorded(system.clock, (context) => doctor.run({ deep, fix: false }, context), onEvent, new AbortController().signal);
    },
  };
}

function homesOf(environment: Variables): { readonly home: string; readonly accountHome: string } {
  const accountHome = userInfo().homedir;
  return { home: environment["HOME"] ?? accountHome, accountHome };
}

/** Without folders there is nothing else to look at. */
function tryToOpen(open: () => System): System | DoctorReport {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    const finding = { name: "folders", status: "missing" as const, detail: error.message, hint: error.hint ?? null };
    return { fine: false, findings: [finding], leftovers: [] };
  }
}

/** A probe tells what is wrong with the config; the others then look by its defaults. */
async function readUsableConfig(system: System): Promise<Config> {
  try {
    const { path, text } = await readConfigFile(system);
    return parseConfig(text ?? "", path);
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    return parseConfig("", system.layout.configFile);
  }
}
