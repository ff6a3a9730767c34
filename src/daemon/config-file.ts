import type { System } from "../system/system.ts";

const CONFIG_MAX_BYTES = 2 ** 20;

/** The config as the daemon read it when it started. */
export interface ConfigFile {
  readonly path: string;
  /** Undefined when there was no file. */
  readonly text: string | undefined;
  /** The text that is there now. */
  readNow(): Promise<string | undefined>;
}

/** Reads the config file, which need not be there. */
export async function readConfigFile({ files, layout: { configFile: path } }: Pick<System, "files" | "layout">): Promise<ConfigFile> {
  const readNow = async (): Promise<string | undefined> =>
    (await files.find(path)) === undefined ? undefined : files.readText(path, CONFIG_MAX_BYTES);
  return { path, text: await readNow(), readNow };
}
