import { BangerError } from "../contract/errors.ts";
import type { RunningVmm } from "../drivers/drivers.ts";
import type { VmDependencies } from "./dependencies.ts";
import { readConsoleTail } from "./logs/read-bytes.ts";
import { messageOf } from "./message-of.ts";
import type { VmRecord } from "./vm-record.ts";

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  readonly ms: number;
}

/** The time that a guest has from the start of its VMM until it has its plan, however many of our questions it answers meanwhile. */
export function startDeadline({ clock }: VmDependencies["system"], ms: number): Deadline {
  const [late, over] = [new AbortController(), new AbortController()];
  clock.sleep(ms, over.signal).then(
    () => late.abort(),
    () => undefined, // it is over
  );
  return { signal: late.signal, ms, [Symbol.dispose]: () => over.abort() };
}

/** Runs `body`, and ends it when the VMM is gone or time is over: why, with the last lines of the console, is then the error. */
export async function whileAlive<T>(
  vmm: RunningVmm,
  record: VmRecord,
  system: VmDependencies["system"],
  signal: AbortSignal,
  body: (signal: AbortSignal) => Promise<T>,
  late?: Deadline,
): Promise<T> {
  const gone = new AbortController();
  let isOver = false;
  void vmm.exited.then((exit) => {
    if (!isOver) gone.abort(exit);
  });
  try {
    return await body(AbortSignal.any([signal, gone.signal, ...(late === undefined ? [] : [late.signal])]));
  } catch (error) {
    signal.throwIfAborted();
    const consoleTail = await readConsoleTail(system, record.id);
    if (gone.signal.aborted) {
      const exit = await vmm.exited;
      const detail = "detail" in exit ? `: ${exit.detail}` : "";
      throw new BangerError("unavailable", "vmm_gone", `cannot start vm ${record.name}: its VMM ended (${exit.reason})${detail}`, {
        hint: "another kernel may do better: banger kernel list",
        cause: error,
        data: { consoleTail },
      });
    }
    if (late?.signal.aborted === true || (error instanceof BangerError && error.code === "guest_silent")) {
      const why =
        late?.signal.aborted === true ? `cannot reach the guest agent: it did not answer in ${late.ms / 1000} s` : messageOf(error);
      throw new BangerError("timeout", "guest_silent", `cannot start vm ${record.name}: ${why}`, {
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
