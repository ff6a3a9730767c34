/** The apt sources of this computer. */
import type { System } from "../../system/system.ts";
import type { DebianSource } from "../catalog.ts";
import { parseSourceLines, parseSourceStanzas } from "./apt-sources.ts";

const SOURCE_FILE_MAX_BYTES = 2 ** 20;

/** @param folder apt's configuration folder, `/etc/apt`. A file that cannot be read or understood is logged and left out. */
export async function readHostSources(system: System, folder: string): Promise<readonly DebianSource[]> {
  const parts = `${folder}/sources.list.d`;
  const names = (await system.files.list(parts)).filter((name) => /^[\w.-]+\.(list|sources)$/.test(name));
  const paths = [`${folder}/sources.list`, ...names.map((name) => `${parts}/${name}`)];
  const found = await Promise.all(paths.map((path) => readOne(system, path)));
  return found.flat();
}

async function readOne(system: System, path: string): Promise<readonly DebianSource[]> {
  if ((await system.files.find(path)) === undefined) return [];
  try {
    const text = await system.files.readText(path, SOURCE_FILE_MAX_BYTES);
    return path.endsWith(".sources") ? parseSourceStanzas(text) : parseSourceLines(text);
  } catch (error) {
    system.log.warn("an apt source file was left out", { path, reason: error instanceof Error ? error.message : String(error) });
    return [];
  }
}
