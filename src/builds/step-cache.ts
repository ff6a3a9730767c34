/**
 * What steps left, by the identity of all that was done until then: both disks of the workshop, as they were when the step had ended. A
 * folder appears whole by rename, is never changed, and may go at any time: then its steps are done again.
 */
import { join } from "node:path";
import { makeLeased, type Leases, type OperationContext } from "../operations/operations.ts";
import type { System } from "../system/system.ts";

export interface StepCache {
  /** The folder of the last of these identities that is there, and how many steps are in it; undefined when none is. */
  find(identities: readonly string[]): Promise<{ readonly folder: string; readonly steps: number } | undefined>;
  /** @param fill puts the disks into a folder. Nothing happens when they are there. */
  keep(identity: string, fill: (folder: string) => Promise<void>, context: OperationContext): Promise<void>;
  /** Removes one; nothing happens when it is not there. */
  forget(identity: string): Promise<void>;
  /** Removes what a dead daemon left half made. */
  reconcile(): Promise<void>;
}

const IDENTITY = /^[0-9a-f]{64}$/;

export function makeStepCache({ system, leases }: { readonly system: System; readonly leases: Leases }): StepCache {
  const { files, layout, random } = system;
  const drafts = makeLeased({
    leases,
    kind: "store-folder",
    isOurs: (path) => path.startsWith(`${layout.builds}/`),
    remove: (path) => files.removeTree(path),
  });
  const folderOf = (identity: string): string => join(layout.builds, identity);
  const isThere = async (identity: string): Promise<boolean> => (await files.find(folderOf(identity))) !== undefined;
  return {
    find: async (identities) => {
      for (let steps = identities.length; steps > 0; steps -= 1) {
        const identity = identities[steps - 1] ?? "";
        if (await isThere(identity)) return { folder: folderOf(identity), steps };
      }
      return undefined;
    },
    keep: async (identity, fill, context) => {
      if (await isThere(identity)) return;
      const path = join(layout.builds, `.draft-${random.hex(8)}`);
      await using draft = await drafts.open(path, context.operationId, async () => {
        await files.makeFolder(path);
        return path;
      });
      await fill(draft.made);
      await files.sync(draft.made);
      // Somebody else may have kept the same meanwhile.
      if (!(await isThere(identity))) await files.rename(draft.made, folderOf(identity));
    },
    forget: async (identity) => {
      if (!IDENTITY.test(identity) || !(await isThere(identity))) return;
      // By another name first: one that is half removed is never found.
      const gone = join(layout.builds, `.gone-${random.hex(8)}`);
      await files.rename(folderOf(identity), gone);
      await files.removeTree(gone);
    },
    reconcile: async () => {
      await drafts.sweep((await files.list(layout.builds)).filter((name) => name.startsWith(".")).map((name) => join(layout.builds, name)));
    },
  };
}
