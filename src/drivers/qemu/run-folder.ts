import { join } from "node:path";
import { z } from "zod";
import type { Files } from "../../system/system.ts";

/** Names in the run folder of a vm under QEMU. */
export interface RunPaths {
  readonly qmpSocket: string;
  readonly agentSocket: string;
  readonly note: string;
}

export function runPaths(runFolder: string): RunPaths {
  return { qmpSocket: join(runFolder, "qmp.sock"), agentSocket: join(runFolder, "agent.sock"), note: join(runFolder, "qemu.json") };
}

const MAX_NOTE_BYTES = 16 * 1024;
const start = z.number().int().nonnegative();
const note = z.strictObject({ consoleLogPath: z.string(), consoleLogStart: start, vmmLogPath: z.string(), vmmLogStart: start });

/**
 * What a later daemon needs to tell why a VMM ended, and cannot ask the VMM for. Both logs go on over all starts of a vm; this
 * one's part begins at the offsets.
 */
export type RunNote = z.output<typeof note>;

export async function writeRunNote(files: Files, runFolder: string, value: RunNote): Promise<void> {
  await files.write(runPaths(runFolder).note, JSON.stringify(value));
}

/** Undefined when there is none, or none that can be read: the VMM itself matters more than its last words. */
export async function findRunNote(files: Files, runFolder: string): Promise<RunNote | undefined> {
  const path = runPaths(runFolder).note;
  if ((await files.find(path)) === undefined) return undefined;
  return note.safeParse(parseOrNothing(await files.readText(path, MAX_NOTE_BYTES))).data;
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
