import { BangerError } from "../contract/errors.ts";
import type { RunningVmm, VmmExit } from "../drivers/drivers.ts";
import type { VmDependencies } from "./dependencies.ts";
import { describeExit } from "./describe-exit.ts";
import { readConsoleTail } from "./logs/read-bytes.ts";
import { messageOf } from "./message-of.ts";
import type { VmRecord } from "./vm-record.ts";

/** Codes of what is said when the agent is not there, for a moment or for ever. */
export const LOST: ReadonlySet<string> = new Set(["guest_connection_lost", "guest_stream_reset", "agent_unreachable", "socket_refused"]);
/** How long after its last word a VMM that ends may take for that. */
const ENDING_MS = 1000;
const HINT = "another kernel may do better: banger kernel list";

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  readonly ms: number;
}

/** The time that a guest has from the start of its VMM until it has its plan, however many of our questions it answers meanwhile. */
export function startDeadline({ clock }: Pick<VmDependencies["system"], "clock">, ms: number): Deadline {
  const [late, over] = [new AbortController(), new AbortController()];
  clock.sleep(ms, over.signal).then(
    () => late.abort(),
    () => undefined, // it is over
  );
  return { signal: late.signal, ms, [Symbol.dispose]: () => over.abort() };
}

/**
 * Runs `body`, and ends it when the VMM is gone or time is over: why, with the last lines of the console, is then the error. What the
 * guest itself did wrong is told with the vm's name, the console and what to type, too.
 */
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
    const isGone = gone.signal.aborted;
    // The guest runs all the same.
    if (isOfCode(error, "requirement_not_met") && !isGone) throw error;
    const isLate = !isGone && (late?.signal.aborted === true || isOfCode(error, "guest_silent"));
    // What a guest says is no sign of its end.
    const isWord = error instanceof BangerError && !LOST.has(error.code);
    const exit = isLate || (isWord && !isGone) ? undefined : await findExit(vmm, system, signal);
    const data = { consoleTail: await readConsoleTail(system, record.id) };
    const what = `cannot start vm ${record.name}`;
    if (exit !== undefined) {
      throw new BangerError("unavailable", "vmm_gone", `${what}: ${describeExit(exit)}`, { hint: HINT, cause: error, data });
    }
    if (isLate) {
      const why =
        late?.signal.aborted === true ? `cannot reach the guest agent: it did not answer in ${late.ms / 1000} s` : messageOf(error);
      const hint = `another kernel (banger kernel list), or more time: boot_deadline below [defaults] in ${system.layout.configFile}`;
      throw new BangerError("timeout", "guest_silent", `${what}: ${why}`, { hint, cause: error, data });
    }
    if (!(error instanceof BangerError)) throw error;
    throw new BangerError(error.kind, error.code, `${what}: ${error.message}`, {
      hint: error.hint ?? HINT,
      cause: error,
      data: { ...error.data, ...data },
    });
  } finally {
    isOver = true;
  }
}

/** A VMM that ends closes the guest's streams first. Undefined when it lives on. */
async function findExit(vmm: RunningVmm, { clock }: VmDependencies["system"], signal: AbortSignal): Promise<VmmExit | undefined> {
  const over = new AbortController();
  const waited = clock.sleep(ENDING_MS, AbortSignal.any([signal, over.signal])).then(
    () => undefined,
    () => undefined, // it is over
  );
  try {
    const exit = await Promise.race([vmm.exited, waited]);
    signal.throwIfAborted();
    return exit;
  } finally {
    over.abort();
  }
}

function isOfCode(error: unknown, code: string): boolean {
  return error instanceof BangerError && error.code === code;
}
