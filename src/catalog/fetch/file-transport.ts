/** Mirrors on this computer: `file:///srv/mirror`. */
import { BangerError } from "../../contract/errors.ts";
import { isOfThePath, reasonOf } from "../../contract/system-error.ts";
import type { System } from "../../system/system.ts";
import { localPath } from "./local-path.ts";
import { shownUrl } from "./shown-url.ts";
import type { Transport } from "./transport.ts";

export function makeFileTransport(system: System, advice: string): Transport {
  return {
    advice,
    open: async (url, offset) => {
      const path = localPath(url);
      if (path === undefined)
        throw new BangerError("refused", "file_unusable", `cannot read ${shownUrl(url)}: it is no path of this computer`, {
          hint: `file:///PATH is one, or ${advice}`,
        });
      const info = await found(system, path, advice);
      if (info?.kind !== "file") {
        throw new BangerError("unavailable", "mirror_lacks_file", `cannot read ${path}: there is no such file in the mirror`, {
          hint: `check the address, or ${advice}`,
        });
      }
      const start = Math.min(offset, info.bytes);
      return { offset: start, bytes: info.bytes - start, body: start === info.bytes ? nothing() : bodyOf(system, path, start, advice) };
    },
  };
}

async function found({ files }: System, path: string, advice: string): ReturnType<System["files"]["find"]> {
  try {
    return await files.find(path);
  } catch (error) {
    throw unreadable(path, advice, error);
  }
}

async function* bodyOf({ files }: System, path: string, start: number, advice: string): AsyncGenerator<Uint8Array> {
  try {
    yield* files.openRead(path, { start }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw unreadable(path, advice, error);
  }
}

/** Not taken for a file that is not there: it may be. What is no fault of the path stays what it is. */
function unreadable(path: string, advice: string, error: unknown): unknown {
  if (!isOfThePath(error)) return error;
  return new BangerError("refused", "file_unusable", `cannot read ${path}: ${reasonOf(error)}`, {
    hint: `ls -ld ${path}, or ${advice}`,
    cause: error,
  });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
