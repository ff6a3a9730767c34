/** One piece of work that several operations ask for at once. */
import { BangerError } from "../contract/errors.ts";
import type { OperationContext } from "./operations.ts";
import { unlessAborted } from "./unless-aborted.ts";

/**
 * Does the work, unless it is under way by this key: then it is waited for, as stage `wait`, and its outcome is everybody's. When whoever
 * does it is cancelled, one of those who wait does it instead.
 */
export type JoinWork = <T>(key: string, context: JoinContext, work: () => Promise<T>) => Promise<T>;
type JoinContext = Pick<OperationContext, "operationId" | "signal" | "stage">;

export function makeJoinWork(): JoinWork {
  const underWay = new Map<string, { readonly by: string; readonly outcome: Promise<unknown> }>();
  return async <T>(key: string, context: JoinContext, work: () => Promise<T>): Promise<T> => {
    for (let other = underWay.get(key); other !== undefined; other = underWay.get(key)) {
      const { by, outcome } = other;
      const waited = await context.stage("wait", async (stage) => {
        stage.note(`for operation ${by}, which does the same`);
        return unlessAborted(settled(outcome), context.signal, "waiting");
      });
      if (!waited.wasCancelled) return waited.value() as T;
    }
    const { promise: outcome, resolve, reject } = Promise.withResolvers<T>();
    // Nobody may be waiting for it.
    outcome.catch(() => undefined);
    underWay.set(key, { by: context.operationId, outcome });
    try {
      const value = await work();
      resolve(value);
      return value;
    } catch (error) {
      reject(error);
      throw error;
    } finally {
      underWay.delete(key);
    }
  };
}

interface Settled {
  readonly wasCancelled: boolean;
  /** Throws as the work did. */
  readonly value: () => unknown;
}

function settled(outcome: Promise<unknown>): Promise<Settled> {
  return outcome.then(
    (value) => ({ wasCancelled: false, value: () => value }),
    (error: unknown) => ({
      wasCancelled: error instanceof BangerError && error.kind === "cancelled",
      value: () => {
        throw error;
      },
    }),
  );
}
