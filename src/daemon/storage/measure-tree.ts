import { join } from "node:path";
import type { Files } from "../../system/system.ts";

export interface Measured {
  /** Apparent. */
  readonly bytes: number;
  /** Allocated on disk. */
  readonly usedBytes: number;
  /** When a file in it was last written to, in milliseconds since the epoch; 0 when there is none. */
  readonly modifiedMs: number;
}

const NOTHING: Measured = { bytes: 0, usedBytes: 0, modifiedMs: 0 };

/**
 * What a file takes, or all the files below a folder. Links are not followed; what goes meanwhile counts for nothing.
 * @param counted files of several names that were counted already: kernels share their content.
 */
export async function measureTree(files: Pick<Files, "find" | "list">, path: string, counted = new Set<string>()): Promise<Measured> {
  const info = await files.find(path);
  if (info === undefined) return NOTHING;
  if (info.kind === "file" && info.links > 1) {
    if (counted.has(info.id)) return { ...NOTHING, modifiedMs: info.modifiedMs };
    counted.add(info.id);
  }
  if (info.kind !== "folder") return { bytes: info.bytes, usedBytes: info.allocatedBytes, modifiedMs: info.modifiedMs };
  const inside = await Promise.all((await files.list(path)).map((name) => measureTree(files, join(path, name), counted)));
  return inside.reduce(addMeasured, NOTHING);
}

export function addMeasured(a: Measured, b: Measured): Measured {
  return { bytes: a.bytes + b.bytes, usedBytes: a.usedBytes + b.usedBytes, modifiedMs: Math.max(a.modifiedMs, b.modifiedMs) };
}
