/**
 * Blank layers made ahead. A blank is claimed by renaming it to where it is wanted: the rename succeeds for one claimant
 * and fails for all others, and a crash leaves the blank in one place or the other.
 */
import { join } from "node:path";
import type { Leases } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import { makeBlank } from "./make-blank.ts";

export interface BlankPool {
  /** Moves a blank of this size to `path`; false when there is none. */
  claim(path: string, bytes: number): Promise<boolean>;
  refill(signal: AbortSignal): Promise<void>;
  reconcile(): Promise<void>;
}

export interface BlankPoolOptions {
  /** Of each blank. */
  readonly bytes: number;
  /** How many are kept ready. */
  readonly count: number;
}

export function makeBlankPool(system: System, leases: Leases | undefined, { bytes, count }: BlankPoolOptions): BlankPool {
  const { files, layout, random } = system;
  const suffix = `-${bytes}.ext4`;
  const ready = async (): Promise<readonly string[]> =>
    (await files.list(layout.blanks)).filter((name) => name.startsWith("blank-") && name.endsWith(suffix));
  let refilling: Promise<void> | undefined;
  /** The one that is being made. */
  let open: string | undefined;

  const discard = async (draft: string): Promise<void> => {
    await files.removeFile(draft);
    leases?.drop("blank", draft);
  };
  const makeOne = async (signal: AbortSignal): Promise<void> => {
    const id = random.hex(8);
    const draft = join(layout.blanks, `.draft-${id}`);
    open = draft;
    await using undo = new AsyncDisposableStack();
    undo.defer(() => void (open = undefined));
    undo.defer(() => discard(draft));
    leases?.write({ kind: "blank", key: draft, vmId: undefined, operationId: undefined });
    await makeBlank(system, draft, bytes, signal);
    await files.sync(draft);
    await files.rename(draft, join(layout.blanks, `blank-${id}${suffix}`));
  };
  const fill = async (signal: AbortSignal): Promise<void> => {
    await files.makeFolder(layout.blanks);
    for (let missing = count - (await ready()).length; missing > 0; missing -= 1) await makeOne(signal);
  };

  return {
    claim: async (path, wanted) => {
      if (wanted !== bytes) return false;
      for (const name of await ready()) {
        if (await tryRename(system, join(layout.blanks, name), path)) return true;
      }
      return false;
    },
    refill: async (signal) => {
      // One at a time, or two would each make what is missing.
      refilling ??= fill(signal).finally(() => {
        refilling = undefined;
      });
      await refilling;
    },
    reconcile: async () => {
      // A draft may be gone, or not there yet, while its lease is.
      const claimed = (leases?.list() ?? []).flatMap(({ kind, key }) => (kind === "blank" ? [key] : []));
      const seen = (await files.list(layout.blanks))
        .filter((name) => !(name.startsWith("blank-") && name.endsWith(suffix)))
        .map((name) => join(layout.blanks, name));
      for (const draft of new Set([...claimed, ...seen])) if (draft !== open) await discard(draft);
    },
  };
}

/** False when somebody else was faster. */
async function tryRename(system: System, from: string, to: string): Promise<boolean> {
  try {
    await system.files.rename(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT" && (await system.files.find(from)) === undefined) return false;
    throw error;
  }
}
