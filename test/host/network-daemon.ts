/** The network as a daemon opens it at its start, in the namespace of a test's program, before anything is asked of it. */
import { join } from "node:path";
import type { WantedMode } from "../../src/network/decide-mode.ts";
import { makeNetwork } from "../../src/network/make-network.ts";
import type { Network } from "../../src/network/network.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import type { System } from "../../src/system/system.ts";
import { silentLog } from "./images-silent-log.ts";

/** @param home of banger. @param mode as in the config's `network.mode`. */
export async function openNetworkDaemon(home: string | undefined, mode: string | undefined): Promise<{ system: System; network: Network }> {
  const system = makeSystem({ BANGER_HOME: home, PATH: process.env["PATH"] }, silentLog);
  await system.files.makeFolder(system.layout.roots.state);
  const placeHelper = async (): Promise<string> => join(import.meta.dir, "../../build/banger-nethelper");
  const network = makeNetwork({ system, mode: mode as WantedMode, uid: process.getuid?.() ?? 0, placeHelper });
  return { system, network };
}
