import { BangerError, toErrorShape } from "../../contract/errors.ts";
import type { PrunedItem } from "../../contract/schemas/storage.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { Candidate } from "./list-candidates.ts";
import { removeCandidate } from "./remove-candidate.ts";
import type { StorageParts } from "./storage.ts";

interface Failure {
  readonly candidate: Candidate;
  readonly error: unknown;
}

/** Stage `remove`: one after the other. What cannot be removed keeps nothing else, and is thrown when everything else is gone. */
export async function removeAll(going: readonly Candidate[], parts: StorageParts, context: OperationContext): Promise<PrunedItem[]> {
  const items: PrunedItem[] = [];
  const failures: Failure[] = [];
  await context.stage("remove", async (stage) => {
    for (const [done, candidate] of going.entries()) {
      context.signal.throwIfAborted();
      stage.progress(done, going.length, "items");
      try {
        items.push(itemOf(candidate, (await removeCandidate(candidate, parts, context)) ?? null));
      } catch (error) {
        context.signal.throwIfAborted();
        failures.push({ candidate, error });
      }
    }
    const [first, ...others] = failures;
    if (first !== undefined) throw cannotRemove(first, others.length);
  });
  return items;
}

/** @param kept why it stays, or null. */
export function itemOf({ kind, name, usedBytes, usedAt }: Candidate, kept: string | null): PrunedItem {
  return { kind, name, usedBytes, usedAt, kept };
}

function cannotRemove({ candidate, error }: Failure, others: number): unknown {
  const { kind, code, message, hint } = toErrorShape(error);
  if (kind === "bug") return error;
  const more = others === 0 ? "" : `; nor ${others} more`;
  const words = `cannot remove ${candidate.kind} ${candidate.name}: ${message}${more}; everything else that was to go is gone`;
  return new BangerError(kind, code, words, { hint: hint ?? "banger system prune", cause: error });
}
