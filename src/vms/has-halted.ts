import type { System } from "../system/system.ts";
import { readConsoleTail } from "./logs/read-bytes.ts";

/**
 * The last thing that Linux says before it halts. It does so where it cannot switch itself off, as without ACPI, and stays there for ever with
 * its VMM: `halt -f`, `poweroff -f`.
 */
const HALTED = /\breboot: (?:Power off not available: )?System halted(?: instead)?\s*$/;

/** Whether the kernel of a guest that does not answer has halted, by the end of its console. */
export async function hasHalted(vmId: string, system: System): Promise<boolean> {
  return HALTED.test((await readConsoleTail(system, vmId)).at(-1) ?? "");
}
