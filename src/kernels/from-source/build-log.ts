/** What a build says: all of it to a file with an upper size, the first errors and the last lines to whoever has to be told. */
import { once } from "node:events";
import type { System } from "../../system/system.ts";

export interface BuildLog extends AsyncDisposable {
  readonly path: string;
  line(text: string): void;
  /** A few lines that tell why it failed. */
  reasons(): readonly string[];
}

const LOG_MAX_BYTES = 16 * 2 ** 20;
const MOST_REASONS = 5;
const ERROR = /\berror:|\bError \d+$|\*\*\*|undefined reference|No such file or directory|not clean/i;

/** Takes the place of the log of an earlier build of the same kernel. */
export async function openBuildLog({ files, layout }: System, name: string): Promise<BuildLog> {
  const path = `${layout.kernelBuilds}/${name}.log`;
  await files.makeFolder(layout.kernelBuilds);
  await files.removeFile(path);
  const file = files.openWrite(path);
  // A log that cannot be written, on a full disk, is no reason to fail before the compiler does.
  file.on("error", () => undefined);
  let bytes = 0;
  const errors: string[] = [];
  const last: string[] = [];
  return {
    path,
    line: (text) => {
      if (errors.length < MOST_REASONS && ERROR.test(text)) errors.push(text.trim());
      last.push(text.trim());
      if (last.length > MOST_REASONS) last.shift();
      if (bytes > LOG_MAX_BYTES) return;
      bytes += Buffer.byteLength(text) + 1;
      file.write(bytes > LOG_MAX_BYTES ? "... and more, which is not kept\n" : `${text}\n`);
    },
    reasons: () => (errors.length > 0 ? errors : last),
    [Symbol.asyncDispose]: async () => {
      if (file.closed) return;
      const closed = once(file, "close");
      file.end();
      await closed.catch(() => undefined);
    },
  };
}
