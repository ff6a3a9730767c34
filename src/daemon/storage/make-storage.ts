import { BangerError } from "../../contract/errors.ts";
import type { PruneReport } from "../../contract/schemas/storage.ts";
import type { OperationContext } from "../../operations/operations.ts";
import { decidePrune } from "./decide-prune.ts";
import { leftOnDisk, listBuildCache, listCandidates, listImages, type Candidate } from "./list-candidates.ts";
import { measureUses } from "./measure-uses.ts";
import { findHalfWritten } from "../half-written.ts";
import { itemOf, removeAll } from "./remove-all.ts";
import type { PruneRequest, Storage, StorageParts } from "./storage.ts";

export function makeStorage(parts: StorageParts): Storage {
  const { system, leases } = parts;
  const { files, layout, clock } = system;
  const prune = async (
    { dryRun }: Pick<PruneRequest, "dryRun">,
    context: OperationContext,
    choose: (left: readonly string[], at: number) => Promise<readonly Candidate[]>,
  ): Promise<PruneReport> => {
    const at = Math.trunc(clock.nowMs());
    const { going, left } = await context.stage("look", async (stage) => {
      const leftovers = await leftOnDisk(parts);
      const found = await choose(leftovers, at);
      stage.note(`${found.length} ${found.length === 1 ? "thing" : "things"}`);
      return { going: found, left: leftovers };
    });
    const items = dryRun ? going.map((candidate) => itemOf(candidate, null)) : await removeAll(going, parts, context);
    const usedBytes = items.reduce((sum, item) => (item.kept === null ? sum + item.usedBytes : sum), 0);
    return { dryRun, items, usedBytes, leftovers: left.length, at };
  };
  return {
    measure: async () => ({ uses: await measureUses(parts), freeBytes: await files.freeBytes(layout.roots.state) }),
    prune: async (request, context) => {
      checkAge(request);
      return prune(request, context, (left, at) => decide(request, parts, left, at));
    },
    pruneImages: (request, context) =>
      prune(request, context, async (_left, at) => {
        const unused = await listImages(parts);
        const wanted = unused.filter(({ name, isBroken }) => isBroken || (request.all && name !== parts.defaultImage));
        return decidePrune(
          [...wanted, ...(await listBuildCache(parts))],
          { before: request.before, olderThanMs: undefined, keepBytes: undefined },
          at,
        );
      }),
    reconcile: async () => {
      for (const { kind, key } of leases.list()) {
        if (kind !== "prune") continue;
        await files.removeFile(key);
        leases.drop(kind, key);
      }
      for (const { path } of await findHalfWritten(system)) await files.removeFile(path);
    },
  };
}

/** Images before the kernels that only they name. */
async function decide(request: PruneRequest, parts: StorageParts, left: readonly string[], nowMs: number): Promise<readonly Candidate[]> {
  const wanted = (await listCandidates(parts, left)).filter(({ needs }) => needs === null || request[needs]);
  const going = decidePrune(wanted, request, nowMs);
  // Of operations only the time counts: what they take in the database is not given back to the disk.
  const limit = Math.min(request.before ?? nowMs, request.olderThanMs === undefined ? Infinity : nowMs - request.olderThanMs);
  // To have looked is nothing to be removed: else there would always be something. With younger ones they go.
  const { count, bytes, lastEndedAt } = parts.operations.measureEnded(limit, ["system.prune"]);
  const ended = { kind: "operation", name: String(count), bytes, usedBytes: 0, usedAt: lastEndedAt, needs: null } as const;
  return count === 0 ? going : [...going, ended];
}

function checkAge({ vms, olderThanMs }: PruneRequest): void {
  if (!vms || olderThanMs !== undefined) return;
  throw new BangerError("invalid", "vms_need_age", "cannot prune vms: it was not said how long they must have been of no use", {
    hint: "banger system prune --vms --older-than 30d",
  });
}
