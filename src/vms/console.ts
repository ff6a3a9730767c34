/** The console log of a vm: written by the VMM, read here by offset. Its bytes are the guest's: text for people, never parsed. */
import type { System } from "../system/system.ts";
import type { ConsoleText } from "./vms.ts";

const TAIL_BYTES = 4096;

/** The last `maxBytes` of the console log; empty when the vm never started. */
export async function readConsole(system: System, vmFolder: string, maxBytes: number): Promise<ConsoleText> {
  const path = `${vmFolder}/console.log`;
  const info = await system.files.find(path);
  if (info === undefined || info.kind !== "file" || info.bytes === 0) return { text: "", endOffset: 0 };
  const start = Math.max(0, info.bytes - maxBytes);
  const parts: Uint8Array[] = [];
  for await (const part of system.files.openRead(path, { start, end: info.bytes - 1 })) parts.push(part as Uint8Array);
  return { text: Buffer.concat(parts).toString("utf8"), endOffset: info.bytes };
}

/** The last lines, for the data of an error. */
export async function readConsoleTail(system: System, vmFolder: string): Promise<readonly string[]> {
  const { text } = await readConsole(system, vmFolder, TAIL_BYTES);
  return text
    .split(/\r?\n/)
    .filter((line) => line !== "")
    .slice(-20);
}
