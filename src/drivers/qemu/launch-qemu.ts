import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { Consoles } from "../console/console.ts";
import type { LaunchPlan, RunningVmm } from "../drivers.ts";
import { endProcess } from "../end-process.ts";
import { readTail } from "../read-tail.ts";
import { qemuArguments } from "./arguments.ts";
import { EventWatch } from "./event-watch.ts";
import { QemuVmm } from "./qemu-vmm.ts";
import { Qmp } from "./qmp.ts";
import { runPaths, writeRunNote } from "./run-folder.ts";

/** A loaded computer has been seen to take seconds to start a process. */
const MONITOR_DEADLINE_MS = 20_000;
const DYING_MS = 1_000;

/**
 * Starts QEMU. Both sockets exist and accept connections before QEMU does, so nothing waits for them to appear; what is sent
 * early lies in them until QEMU reads. The console's pipes are there as well, and somebody who reads.
 */
export async function launchQemu(
  { system, consoles }: { readonly system: System; readonly consoles: Consoles },
  program: string,
  plan: LaunchPlan,
  signal: AbortSignal,
): Promise<RunningVmm> {
  signal.throwIfAborted();
  const argv = qemuArguments(plan, program);
  const { files, sockets, processes } = system;
  const paths = runPaths(plan.runFolder);
  const [consoleLogStart, vmmLogStart] = await Promise.all([sizeOf(files, plan.consoleLogPath), sizeOf(files, plan.vmmLogPath)]);
  const note = { consoleLogPath: plan.consoleLogPath, consoleLogStart, vmmLogPath: plan.vmmLogPath, vmmLogStart };

  await using undo = new AsyncDisposableStack();
  undo.defer(() => files.removeFile(paths.note));
  await writeRunNote(files, plan.runFolder, note);
  const console = undo.use(await consoles.open(plan));
  const listening = [paths.qmpSocket, paths.agentSocket].map((path) => {
    undo.defer(() => files.removeFile(path));
    return sockets.listenForChild(path);
  });
  const started = await (async () => {
    try {
      return await processes.startDetached(argv, { logPath: plan.vmmLogPath, descriptors: listening.map(({ descriptor }) => descriptor) });
    } finally {
      // With our copies closed, a connection to a QEMU that died is refused instead of waiting.
      for (const socket of listening) socket.close();
    }
  })();
  undo.defer(() => endProcess(system, started.identity, started.ended));
  console.guard(started.identity);

  const events = new EventWatch();
  const died = started.ended.then(async (end) => {
    throw launchFailed(program, plan, end, await readTail(files, plan.vmmLogPath, vmmLogStart));
  });
  // It is awaited only while we wait for the monitor; later it is `exited` that tells.
  died.catch(() => undefined);
  const qmp = await Promise.race([died, openMonitor(system, paths.qmpSocket, signal, events)]).catch(async (thrown: unknown) => {
    signal.throwIfAborted();
    // A QEMU that dies closes its monitor a moment earlier than it ends; its own words say more.
    return Promise.race([died, system.clock.sleep(DYING_MS, signal).then(() => Promise.reject(thrown))]);
  });

  undo.move();
  const record = { driver: "qemu", vmId: plan.vmId, identity: started.identity, runFolder: plan.runFolder };
  return new QemuVmm({ system, record, note, qmp, events, console, ended: started.ended });
}

async function sizeOf(files: System["files"], path: string): Promise<number> {
  return (await files.find(path))?.bytes ?? 0;
}

/** Connects to QEMU's monitor and agrees with it on the protocol. */
export async function openMonitor(system: System, path: string, signal: AbortSignal, events: EventWatch): Promise<Qmp> {
  const socket = await system.sockets.connect(path, MONITOR_DEADLINE_MS, signal);
  const close = (): void => void socket.destroy();
  signal.addEventListener("abort", close);
  try {
    return await Qmp.open(socket, system.clock, MONITOR_DEADLINE_MS, events.onEvent);
  } finally {
    signal.removeEventListener("abort", close);
  }
}

function launchFailed(
  program: string,
  plan: LaunchPlan,
  end: { readonly code: number | undefined; readonly signal: string | undefined },
  log: string,
): BangerError {
  const lastWords = log.trim().slice(-1000);
  const how = end.signal === undefined ? `ended with code ${end.code}` : `was ended by ${end.signal}`;
  return new BangerError(
    "unavailable",
    "vmm_not_started",
    `cannot start the VMM of ${plan.name}: QEMU ${how}${lastWords === "" ? "" : `: ${lastWords}`}`,
    {
      hint: `${program} --version`,
      data: { vmmLogPath: plan.vmmLogPath, lastWords },
    },
  );
}
