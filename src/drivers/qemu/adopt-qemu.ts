import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { Consoles } from "../console/console.ts";
import type { RunningVmm, VmmRecord } from "../drivers.ts";
import { EventWatch } from "./event-watch.ts";
import { QemuVmm } from "./qemu-vmm.ts";
import { Qmp } from "./qmp.ts";
import { findRunNote, runPaths } from "./run-folder.ts";

/** An idle QEMU answers in milliseconds; one whose monitor somebody else holds, never. */
const MONITOR_DEADLINE_MS = 3_000;

/** Finds a QEMU of an earlier daemon again. Without its monitor it can still be watched, used and killed, but not paused. */
export async function adoptQemu(
  { system, consoles }: { readonly system: System; readonly consoles: Consoles },
  record: VmmRecord,
  signal: AbortSignal,
): Promise<RunningVmm | undefined> {
  if (!system.processes.isAlive(record.identity)) return undefined;
  const events = new EventWatch();
  const qmp = await findMonitor(system, record, signal, events);
  signal.throwIfAborted();
  const note = await findRunNote(system.files, record.runFolder);
  return new QemuVmm({ system, record, note, qmp, events, console: await consoles.adopt(record) });
}

async function findMonitor(system: System, record: VmmRecord, signal: AbortSignal, events: EventWatch): Promise<Qmp | undefined> {
  try {
    const socket = await system.sockets.connect(runPaths(record.runFolder).qmpSocket, MONITOR_DEADLINE_MS, signal);
    const qmp = await Qmp.open(socket, system.clock, MONITOR_DEADLINE_MS, events.onEvent);
    try {
      events.takeStatus(await qmp.execute("query-status"));
      return qmp;
    } catch (error) {
      qmp[Symbol.dispose]();
      throw error;
    }
  } catch (thrown) {
    if (!(thrown instanceof BangerError)) throw thrown;
    system.log.warn("QEMU's monitor cannot be had", { vmId: record.vmId, why: thrown.message });
    return undefined;
  }
}
