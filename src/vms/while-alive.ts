import { BangerError } from "../contract/errors.ts";
import type { RunningVmm } from "../drivers/drivers.ts";
import { readConsoleTail } from "./console.ts";
import type { VmDependencies } from "./dependencies.ts";
import type { VmRecord } from "./vm-record.ts";

/** Runs `body`, and ends it when the VMM is gone: its reason, with the last lines of the console, is then the error. */
export async function whileAlive<T>(
  vmm: RunningVmm,
  record: VmRecord,
  system: VmDependencies["system"],
  signal: AbortSignal,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const gone = new AbortController();
  let isOver = false;
  void vmm.exited.then((exit) => {
    if (!isOver) gone.abort(exit);
  });
  try {
    return await body(AbortSignal.any([signal, gone.signal]));
  } catch (error) {
    signal.throwIfAborted();
    const consoleTail = await readConsoleTail(system, system.layout.vmFolder(record.id));
    if (gone.signal.aborted) {
      const exit = await vmm.exited;
      const detail = "detail" in exit ? `: ${exit.detail}` : "";
      throw new BangerError("unavailable", "vmm_gone", `cannot start vm ${record.name}: its VMM ended (${exit.reason})${detail}`, {
        hint: "another kernel may do better: banger kernel list",
        cause: error,
        data: { consoleTail },
      });
    }
    if (error instanceof BangerError && error.code === "guest_silent") {
      throw new BangerError("timeout", "guest_silent", `cannot start vm ${record.name}: ${error.message}`, {
        hint: `another kernel (banger kernel list), or more time: boot_deadline below [defaults] in ${system.layout.configFile}`,
        cause: error,
        data: { consoleTail },
      });
    }
    throw error;
  } finally {
    isOver = true;
  }
}
