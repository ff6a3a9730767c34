import { BangerError } from "../contract/errors.ts";
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
  const readNow = async (): Promise<string | undefined> => {
    const kind = (await files.find(path))?.kind;
    if (kind === undefined) return undefined;
    // Of what is no file reading might not come to an end. Many keep theirs elsewhere and put a link here.
    if (kind !== "file" && kind !== "link") throw unusable(path, `it is a ${kind}`);
    try {
      return await files.readText(path, CONFIG_MAX_BYTES);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EISDIR") throw unusable(path, "it leads to a folder");
      if (code === "EACCES") throw unusable(path, "we may not read it");
      if (code === "file_not_found") throw unusable(path, "it leads to nothing");
      throw error;
    }
  };
  return { path, text: await readNow(), readNow };
}

function unusable(path: string, why: string): BangerError {
  return new BangerError("invalid", "invalid_config", `cannot use the config ${path}: ${why}`, { hint: `look at it: ls -ld ${path}` });
}
