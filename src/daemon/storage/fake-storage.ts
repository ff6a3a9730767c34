/** Storage for tests: one download and one blank, which can be pruned once. */
import { STORAGE_KINDS, type PrunedItem, type PruneReport } from "../../contract/schemas/storage.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { Clock } from "../../system/system.ts";
import type { PruneRequest, Storage } from "./storage.ts";

const KEPT: readonly PrunedItem[] = [
  { kind: "download", name: "sha256-00", usedBytes: 2 ** 20, usedAt: 1000, kept: null },
  { kind: "blank", name: "blank-00", usedBytes: 4096, usedAt: 2000, kept: null },
];

export function makeFakeStorage({ clock }: { readonly clock: Pick<Clock, "nowMs"> }): Storage {
  let kept = KEPT;
  const prune = async ({ dryRun }: Pick<PruneRequest, "dryRun">, context: OperationContext): Promise<PruneReport> => {
    const items = await context.stage("look", async () => [...kept]);
    if (!dryRun) await context.stage("remove", async () => void (kept = []));
    const usedBytes = items.reduce((sum, item) => sum + item.usedBytes, 0);
    return { dryRun, items, usedBytes, leftovers: 0, at: Math.trunc(clock.nowMs()) };
  };
  return {
    measure: async () => ({
      freeBytes: 10 * 2 ** 30,
      uses: STORAGE_KINDS.map((kind) => {
        const ours = kept.filter((item) => item.kind === kind);
        const usedBytes = ours.reduce((sum, item) => sum + item.usedBytes, 0);
        return {
          kind,
          count: ours.length,
          bytes: usedBytes,
          usedBytes,
          reclaimableBytes: usedBytes,
          needs: kind === "image" ? "images" : null,
        };
      }),
    }),
    prune,
    pruneImages: async ({ dryRun }, context) => ({ ...(await prune({ dryRun: true }, context)), dryRun, items: [], usedBytes: 0 }),
    reconcile: async () => undefined,
  };
}
