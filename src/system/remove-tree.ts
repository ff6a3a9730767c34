/**
 * The only recursive delete. It refuses what is not strictly below one of our roots, and what is reached through a link:
 * every folder on the way from the root down is checked to be a real folder.
 */
import * as fs from "node:fs/promises";
import { dirname, normalize } from "node:path";
import { BangerError } from "../contract/errors.ts";

export async function removeTree(path: string, roots: readonly string[]): Promise<void> {
  const root = roots.find((candidate) => path.startsWith(`${candidate}/`));
  if (root === undefined || normalize(path) !== path || path.endsWith("/")) {
    throw new BangerError("refused", "not_ours_to_remove", `cannot remove ${path}: it is not inside a folder of banger's`);
  }
  for (let folder = dirname(path); folder.length >= root.length; folder = dirname(folder)) {
    const info = await fs.lstat(folder).catch(() => undefined);
    if (info === undefined) return;
    if (!info.isDirectory()) {
      throw new BangerError("refused", "reached_through_a_link", `cannot remove ${path}: ${folder} is not a folder`);
    }
  }
  await fs.rm(path, { recursive: true, force: true });
}
