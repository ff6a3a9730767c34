/**
 * Files that were being written beside their place (see `Files.write`) by a process that is gone: `NAME.PID-HEX.new`. What a process that
 * lives writes is its own; one of long ago was written by an earlier holder of that pid.
 */
import { join } from "node:path";
import type { Layout } from "../system/layout.ts";
import type { System } from "../system/system.ts";

export interface HalfWritten {
  readonly path: string;
  readonly writer: number;
}

const NAME = /\.(\d+)-[0-9a-f]{12}\.new$/;
/** Nothing that is written so takes as long. */
const LONG_AGO_MS = 3_600_000;

/** Folders in which single files are written, or scratch is kept. */
export function writtenFolders({ roots, downloads, initrds, agents }: Layout): readonly string[] {
  return [roots.state, roots.run, roots.cache, roots.config, downloads, initrds, agents];
}

export async function findHalfWritten({ files, layout, processes, clock }: System): Promise<readonly HalfWritten[]> {
  const found: HalfWritten[] = [];
  for (const folder of writtenFolders(layout)) {
    for (const name of await files.list(folder)) {
      const writer = Number(NAME.exec(name)?.[1] ?? NaN);
      if (Number.isNaN(writer)) continue;
      const path = join(folder, name);
      const info = await files.find(path);
      if (info === undefined) continue;
      if (processes.identify(writer) === undefined || clock.nowMs() - info.modifiedMs > LONG_AGO_MS) found.push({ path, writer });
    }
  }
  return found;
}
