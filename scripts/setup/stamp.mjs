/**
 * Whether something was already made from exactly these sources. A stamp is a file beside nothing else in `build/stamps`
 * that holds the digest of the sources; it is written after the work, so that work cut short is done again.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inRoot } from "./places.mjs";

/**
 * Does `work` unless `results` are there and the sources are those of last time. True when there was something to do.
 * @param {{ name: string, sources: readonly string[], results: readonly string[], work: () => Promise<void> }} step
 */
export async function unlessDone({ name, sources, results, work }) {
  const stamp = inRoot("build/stamps", name);
  const wanted = digestOf(sources);
  if (results.every((result) => existsSync(result)) && read(stamp) === wanted) return false;
  await work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
  return true;
}

/**
 * The digest of files and folders: names and contents.
 * @param {readonly string[]} paths
 */
export function digestOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap(filesBelow)) {
    const content = readFileSync(path);
    hash.update(`${path.slice(inRoot().length)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/**
 * The files of a path, sorted; none when it does not exist.
 * @param {string} path
 * @returns {string[]}
 */
function filesBelow(path) {
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined) return [];
  if (!info.isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

/** @param {string} path */
function read(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
