import { BangerError, toErrorShape } from "../contract/errors.ts";
import { VERSION } from "../contract/version.ts";
import { makeJsonLog } from "../system/json-log.ts";
import { makeSystem } from "../system/make-system.ts";
import type { System } from "../system/system.ts";
import { parseConfig } from "./config.ts";
import { readConfigFile } from "./config-file.ts";
import { makePrivateFolder } from "./private-folder.ts";
import { serve } from "./serve.ts";
import type { Rooms, Wire } from "./rooms.ts";
import { makeTellReady } from "./tell-ready.ts";

/** For the database, its journal and the log. */
const LEAST_FREE_BYTES = 4 * 2 ** 20;

export interface MainOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gets one line when the daemon listens, or could not; see `contract/readiness.ts`. */
  readonly readyDescriptor: number | undefined;
  readonly wire: Wire;
  /** Ends the daemon in good order. */
  readonly signal: AbortSignal;
}

/** Runs the daemon until `signal` aborts or a client asks it to end. Vms run on. */
export async function main({ environment, readyDescriptor, wire, signal }: MainOptions): Promise<void> {
  const tellReady = makeTellReady(readyDescriptor);
  const log = makeJsonLog(2);
  try {
    // A new unix socket gets its mode from the umask alone.
    process.umask(0o077);
    const system = makeSystem(environment, log);
    const uid = process.getuid?.() ?? -1;
    await makePrivateFolder(system.files, system.layout.roots.state, uid);
    await makePrivateFolder(system.files, system.layout.roots.run, uid);
    await checkFree(system);
    using _lock = takeLock(system);
    const configFile = await readConfigFile(system);
    const config = parseConfig(configFile.text ?? "", configFile.path);
    await using services = await wire({ system, config, proxies: environment });
    await reconcile(services);

    const { promise: asked, resolve: requestStop } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => requestStop());
    if (signal.aborted) requestStop();
    const daemon = { version: VERSION, pid: process.pid, startedAt: system.clock.nowMs(), config: configFile, requestStop };
    const served = await serve({ ...services, daemon }, { socketPath: system.layout.daemonSocket, uid, system });
    log.info("the daemon listens", { version: VERSION, pid: process.pid, socket: system.layout.daemonSocket });
    tellReady({ pid: process.pid });

    await asked;
    log.info("the daemon stops");
    // Connections are left to the end of the process: their end tells a client that the daemon is gone for good.
    await served.stopListening();
    await services.operations.close();
  } catch (error) {
    log.error("the daemon ends with a failure", { error: toErrorShape(error), cause: error });
    tellReady({ failure: error });
    throw error;
  }
}

function takeLock({ files, layout }: System): Disposable {
  const lock = files.lock(layout.daemonLock);
  if (lock !== undefined) return lock;
  throw new BangerError("exists", "daemon_running", `cannot start the daemon: another one runs for ${layout.roots.state}`, {
    hint: "banger daemon status",
  });
}

/** What a database says that cannot be written to would be of no help. */
async function checkFree({ files, layout }: System): Promise<void> {
  const { state } = layout.roots;
  if ((await files.freeBytes(state)) >= LEAST_FREE_BYTES) return;
  throw new BangerError("unavailable", "disk_full", `cannot start the daemon: the disk that holds ${state} is full`, {
    hint: "free some space, or set BANGER_HOME to a folder on another disk",
  });
}

/** Makes records and the computer agree, before anybody can ask. */
async function reconcile({ operations, kernels, images, vms }: Rooms): Promise<void> {
  operations.reconcile();
  await kernels.reconcile();
  await images.reconcile();
  await vms.reconcile();
}
