/** Who signs and who publishes into one folder do it one after the other: each reads a document, and writes it and its signature. */
import { dirname } from "node:path";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { onFile } from "./document-files.ts";

const LOOK_AGAIN_MS = 50;
const LOCK_DEADLINE_MS = 30_000;

/** @param path of the document. Throws `unavailable` `catalog_busy`, `cancelled`. */
export async function withFolderLock<T>(
  { files, clock }: System,
  path: string,
  signal: AbortSignal | undefined,
  body: () => Promise<T>,
): Promise<T> {
  const folder = dirname(path);
  const deadlineMs = clock.monotonicMs() + LOCK_DEADLINE_MS;
  for (;;) {
    const lock = await onFile("use", folder, async () => files.lockFolder(folder));
    if (lock !== undefined) {
      try {
        return await body();
      } finally {
        lock[Symbol.dispose]();
      }
    }
    if (clock.monotonicMs() > deadlineMs)
      throw new BangerError(
        "unavailable",
        "catalog_busy",
        `cannot change ${path}: somebody else has been at it for ${LOCK_DEADLINE_MS / 1000} s`,
        { hint: "try again; what was uploaded stays" },
      );
    await clock.sleep(LOOK_AGAIN_MS, signal).catch((error: unknown) => {
      throw new BangerError("cancelled", "cancelled", `changing ${path} was cancelled`, { cause: error });
    });
  }
}
