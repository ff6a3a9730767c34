import type { System } from "../system/system.ts";
import { readConsoleTail } from "./logs/read-bytes.ts";

/**
 * The last thing that Linux says before it halts. It does so where it cannot switch itself off, as without ACPI, and stays there for ever with
 * its VMM: `halt -f`, `poweroff -f`.
 */
const HALTED = /\breboot: (?:Power off not available: )?System halted(?: instead)?\s*$/;

/** How often it is looked, and how many times. */
const LOOK_AGAIN_MS = 500;
const LOOKS = 40;

/**
 * As {@link hasHalted}, soon. An agent that the guest's init tells to go says goodbye first, and what is left until the kernel's word is a few
 * seconds. Throws when the signal aborts.
 */
export async function willHaveHalted(vmId: string, system: System, signal: AbortSignal): Promise<boolean> {
  for (let looks = LOOKS; looks > 0; looks -= 1) {
    if (await hasHalted(vmId, system)) return true;
    await system.clock.sleep(LOOK_AGAIN_MS, signal);
  }
  return false;
}

/** Whether the kernel of a guest that does not answer has halted, by the end of its console. */
export async function hasHalted(vmId: string, system: System): Promise<boolean> {
  return HALTED.test((await readConsoleTail(system, vmId)).at(-1) ?? "");
}
