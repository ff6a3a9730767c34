import { basename } from "node:path";
import type { DaemonNote } from "../contract/daemon-note.ts";
import { BangerError, toErrorShape } from "../contract/errors.ts";
import { VERSION } from "../contract/version.ts";
import { makeJsonLog } from "../system/json-log.ts";
import { makeLogSink } from "../system/log-sink.ts";
import { makeSystem } from "../system/make-system.ts";
import type { System } from "../system/system.ts";
import { findListeningDescriptor, findNotifySocket } from "./activation.ts";
import { parseConfig } from "./config.ts";
import { readConfigFile } from "./config-file.ts";
import { holdPrivateFolder, makePrivateFolder, requireUsable } from "./private-folder.ts";
import { serve } from "./serve.ts";
import { keepOrder } from "./keep-order.ts";
import type { Wire } from "./rooms.ts";
import { makeTellReady } from "./tell-ready.ts";
import { watchBugs } from "./watch-bugs.ts";
import { whenQuiet } from "./when-quiet.ts";

/** For the database, its journal and the log. */
const LEAST_FREE_BYTES = 4 * 2 ** 20;
/** The database is not even opened without a journal. */
const JOURNAL_BYTES = 256 * 2 ** 10;
/** Of the log, and of what came before it. */
const LOG_MAX_BYTES = 8 * 2 ** 20;
/** Who asks again within that time is to be answered at once: what was given back costs the next request some 5 ms. */
const QUIET_MS = 15_000;

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
  const sink = makeLogSink(2);
  const log = makeJsonLog(sink);
  let tellManager: (state: string) => void = () => undefined;
  using _bugs = watchBugs(log);
  try {
    // A new unix socket gets its mode from the umask alone.
    process.umask(0o077);
    const system = makeSystem(environment, log);
    sink.keepBelow(system.layout.daemonLog, LOG_MAX_BYTES);
    tellManager = makeTellManager(environment, system);
    const listeningDescriptor = findListeningDescriptor(environment, process.pid);
    const uid = process.getuid?.() ?? -1;
    await makePrivateFolder(system.files, system.layout.roots.state, uid);
    await makePrivateFolder(system.files, system.layout.roots.run, uid);
    await requireUsable(system.files, usedFromTheStart(system));
    using _lock = takeLock(system);
    await requireRecords(system);
    await makeRoom(system);
    const configFile = await readConfigFile(system);
    const config = parseConfig(configFile.text ?? "", configFile.path);
    const trouble = new EventTarget();
    const onTrouble = (): void => void trouble.dispatchEvent(new Event("trouble"));
    await using services = await wire({ system, config, configFile, proxies: environment, onTrouble });
    await using order = keepOrder(services, system);
    trouble.addEventListener("trouble", () => order.restoreSoon());
    await order.restore();

    const { promise: asked, resolve: requestStop } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => requestStop());
    if (signal.aborted) requestStop();
    const startedAt = system.clock.nowMs();
    const daemon = { version: VERSION, pid: process.pid, startedAt, config: configFile, requestStop, onTrouble };
    using quiet = whenQuiet(system.clock, QUIET_MS, () => giveBack(system));
    quiet.noteWork();
    const { daemonSocket } = system.layout;
    using run = holdPrivateFolder(system.files, system.layout.roots.run, uid);
    const served = await serve(
      { ...services, daemon },
      { socketPath: daemonSocket, heldPath: run.at(basename(daemonSocket)), listeningDescriptor, uid, system, onWork: quiet.noteWork },
    );
    try {
      // Not before: what is planted at the socket is refused, and nothing is left.
      await writeNote(system);
    } catch (error) {
      // Who is told why, and tries again, is to find nobody rather than one who is about to go.
      await served.stopListening();
      throw error;
    }
    log.info("the daemon listens", { version: VERSION, pid: process.pid, socket: daemonSocket });
    tellReady({ pid: process.pid });
    tellManager("READY=1");

    {
      // Over before we remove it ourselves.
      using _watch = listeningDescriptor === undefined ? endWithoutSocket(system, requestStop) : undefined;
      await asked;
    }
    log.info("the daemon stops");
    tellManager("STOPPING=1");
    await system.files.removeFile(system.layout.daemonNote);
    // Connections are left to the end of the process: their end tells a client that the daemon is gone for good.
    await served.stopListening();
    await services.operations.close();
  } catch (error) {
    log.error("the daemon ends with a failure", { error: toErrorShape(error), cause: error });
    tellReady({ failure: error });
    tellManager(`STATUS=${toErrorShape(error).message.split("\n")[0] ?? ""}`);
    throw error;
  }
}

/** Neither a lock nor SQLite says well that it may not open what is there. */
function usedFromTheStart({ layout: { roots, daemonLock, database } }: System): readonly string[] {
  return [roots.state, roots.run, daemonLock, database, `${database}-wal`, `${database}-shm`];
}

function takeLock({ files, layout }: System): Disposable {
  const lock = files.lock(layout.daemonLock);
  if (lock !== undefined) return lock;
  throw new BangerError("exists", "daemon_running", `cannot start the daemon: another one runs for ${layout.roots.state}`, {
    hint: "banger daemon status",
  });
}

/** Who knows of no vms would take the disks of all of them for something left over. */
async function requireRecords({ files, layout }: System): Promise<void> {
  const { database, vms, roots } = layout;
  if (((await files.find(database))?.bytes ?? 0) > 0) return;
  const folders = await files.list(vms);
  if (folders.length === 0) return;
  throw new BangerError(
    "refused",
    "database_missing",
    `cannot start the daemon: there is no database ${database}, and ${vms} has the disks of ${folders.length} vm${folders.length === 1 ? "" : "s"} that it knew`,
    { hint: `put a copy of it back, or begin anew: mv ${roots.state} ${roots.state}.old, which keeps the disks of the vms` },
  );
}

function giveBack({ processes, log }: System): void {
  try {
    processes.giveBackMemory();
  } catch (error) {
    log.warn("cannot give back memory", { error });
  }
}

/** Nobody finds a daemon whose socket was removed, and its lock would keep another from taking its place: the next command starts that. */
function endWithoutSocket({ files, layout, log }: System, requestStop: () => void): Disposable {
  const over = new AbortController();
  files.watchGone(layout.daemonSocket, over.signal).then(
    () => {
      log.warn("the socket was removed by somebody: the daemon ends, and the next command starts another", { socket: layout.daemonSocket });
      requestStop();
    },
    () => undefined,
  );
  return { [Symbol.dispose]: () => over.abort() };
}

/** Who only asks whether a daemon runs finds this one. */
async function writeNote({ files, processes, layout, clock }: System): Promise<void> {
  const { pid, startTicks = 0 } = processes.identify(process.pid) ?? { pid: process.pid };
  const note: DaemonNote = { pid, startTicks, bootId: clock.bootId(), socket: layout.daemonSocket };
  await files.write(layout.daemonNote, JSON.stringify(note));
}

/** Tells the service manager that started us, when one did. */
function makeTellManager(environment: MainOptions["environment"], { sockets, log }: System): (state: string) => void {
  const path = findNotifySocket(environment);
  if (path === undefined) return () => undefined;
  return (state) => {
    try {
      sockets.sendDatagram(path, state);
    } catch (error) {
      // It has a deadline of its own for who says nothing; the daemon is of use all the same.
      log.warn("cannot tell the service manager", { state, error });
    }
  };
}

/** On a full disk a daemon must start all the same: vms are deleted through it. What was made ahead is given back for that. */
async function makeRoom({ files, layout, log }: System): Promise<void> {
  const { state } = layout.roots;
  if ((await files.freeBytes(state)) >= LEAST_FREE_BYTES) return;
  log.warn("the disk is full: ballast and blanks are given back", { state });
  await files.removeFile(layout.ballast);
  await files.removeTree(layout.blanks);
  if ((await files.freeBytes(state)) >= JOURNAL_BYTES) return;
  throw new BangerError("unavailable", "disk_full", `cannot start the daemon: the disk that holds ${state} is full`, {
    hint: "free some space: df -h",
  });
}
