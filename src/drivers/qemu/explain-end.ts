import type { System } from "../../system/system.ts";
import type { VmmExit, VmmRecord } from "../drivers.ts";
import { readTail } from "../read-tail.ts";
import { decideExit, type EndOfQemu } from "./decide-exit.ts";
import { findRunNote, type RunNote } from "./run-folder.ts";

/** How a QEMU ended that nobody watched, by what it left. Undefined when it left no note. */
export async function explainEnd(system: System, record: VmmRecord): Promise<VmmExit | undefined> {
  const note = await findRunNote(system.files, record.runFolder);
  if (note === undefined) return undefined;
  return decideExit({ shutdown: undefined, killed: false, end: undefined, ...(await readLastWords(system, note)) });
}

/** What guest and QEMU said in this start, the end of it. */
export async function readLastWords({ files }: System, note: RunNote): Promise<Pick<EndOfQemu, "consoleTail" | "lastWords">> {
  const lastWords = await readTail(files, note.vmmLogPath, note.vmmLogStart);
  return { consoleTail: await readTail(files, note.consoleLogPath, note.consoleLogStart), lastWords: lastWords.trim().slice(-1000) };
}
