/**
 * What steps left, by the identity of all that was done until then: both disks of the workshop, as they were when the step had ended. A
 * folder appears whole by rename, is never changed, and may go at any time: then its steps are done again.
 */
import { join } from "node:path";
import type { Leases, OperationContext } from "../operations/operations.ts";
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
  const open = new Set<string>();
  const folderOf = (identity: string): string => join(layout.builds, identity);
  const isThere = async (identity: string): Promise<boolean> => (await files.find(folderOf(identity))) !== undefined;
  const remove = async (folder: string): Promise<void> => {
    // First: what cannot be removed now, reconcile removes.
    open.delete(folder);
    await files.removeTree(folder);
    leases.drop("store-folder", folder);
  };
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
      const draft = join(layout.builds, `.draft-${random.hex(8)}`);
      await using undo = new AsyncDisposableStack();
      open.add(draft);
      undo.defer(() => remove(draft));
      leases.write({ kind: "store-folder", key: draft, vmId: undefined, operationId: context.operationId });
      await files.makeFolder(draft);
      await fill(draft);
      await files.sync(draft);
      // Somebody else may have kept the same meanwhile.
      if (!(await isThere(identity))) await files.rename(draft, folderOf(identity));
    },
    forget: async (identity) => {
      if (!IDENTITY.test(identity) || !(await isThere(identity))) return;
      // By another name first: one that is half removed is never found.
      const gone = join(layout.builds, `.gone-${random.hex(8)}`);
      await files.rename(folderOf(identity), gone);
      await files.removeTree(gone);
    },
    reconcile: async () => {
      const claimed = leases
        .list()
        .flatMap(({ kind, key }) => (kind === "store-folder" && key.startsWith(`${layout.builds}/`) ? [key] : []));
      const hidden = (await files.list(layout.builds)).filter((name) => name.startsWith(".")).map((name) => join(layout.builds, name));
      for (const folder of new Set([...claimed, ...hidden])) if (!open.has(folder)) await remove(folder);
    },
  };
}
