/**
 * The content of kernels by sha256: `blobs/sha256-HEX`, where a file is kept once however many kernels have it. A kernel's folder holds
 * further names (hard links) of these, so how many names a file has says whether anything uses it: there is no other record that could be
 * wrong. A link is made or is not; a daemon that dies in between leaves a blob of one name, which the next sweep takes.
 */
import { isWithoutLinks } from "../../contract/system-error.ts";
import type { System } from "../../system/system.ts";

export interface Blobs {
  /** A finished file of this digest becomes one with the blob of the same content. It stays as it is where links cannot be made. */
  share(path: string, sha256: string): Promise<void>;
  /** Removes those that nothing uses. */
  sweep(): Promise<void>;
}

export function makeBlobs({ files, layout }: Pick<System, "files" | "layout">): Blobs {
  /** Undefined when it is gone by now. */
  const digestOf = async (blob: string): Promise<string | undefined> =>
    (await files.find(blob)) === undefined ? undefined : files.sha256(blob);

  return {
    share: async (path, sha256) => {
      const blob = `${layout.blobs}/sha256-${sha256}`;
      try {
        await files.makeFolder(layout.blobs);
        if (await files.link(path, blob)) return;
        // What is there may have been damaged since: then it goes, and this one takes its place for those to come.
        if ((await digestOf(blob)) !== sha256) {
          await files.removeFile(blob);
          await files.link(path, blob);
          return;
        }
        const beside = `${path}.shared`;
        if (await files.link(blob, beside)) await files.rename(beside, path);
      } catch (error) {
        if (!isWithoutLinks(error)) throw error;
      }
    },
    sweep: async () => {
      for (const name of await files.list(layout.blobs)) {
        const path = `${layout.blobs}/${name}`;
        if (((await files.find(path))?.links ?? 2) < 2) await files.removeFile(path);
      }
    },
  };
}
