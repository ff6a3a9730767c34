import type { System } from "../system/system.ts";
import { isTooBig, tooBigForHost } from "./make-blank.ts";

/** Makes a disk longer. The guest grows the file system on it: it does so while mounted, in a few milliseconds for each 10 GiB. */
export async function lengthen(system: System, path: string, bytes: number): Promise<void> {
  try {
    await system.files.grow(path, bytes);
  } catch (error) {
    throw isTooBig(error) ? tooBigForHost(path, bytes, error) : error;
  }
}
