import type { Clock, Log } from "../system/system.ts";
import type { Rooms } from "./rooms.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 60_000;

/** Makes records and computer agree: once before listening, and again whenever something failed half way, until nothing does. */
export interface Order extends AsyncDisposable {
  /** Now; what cannot be put in order is tried again later. Never throws. */
  restore(): Promise<void>;
  /** In a moment. Asking again before that changes nothing. */
  restoreSoon(): void;
}

/** Disposal ends the trying. */
export function keepOrder(
  { operations, kernels, images, vms, builds, storage }: Pick<Rooms, "operations" | "kernels" | "images" | "vms" | "builds" | "storage">,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Order {
  const ending = new AbortController();
  const { signal } = ending;
  let pauseMs = FIRST_PAUSE_MS;
  let waiting: Promise<void> | undefined;
  let restoring = Promise.resolve();

  const restoreAll = async (): Promise<void> => {
    const steps = [
      async () => operations.reconcile(),
      () => kernels.reconcile(),
      () => images.reconcile(),
      () => vms.reconcile(),
      () => builds.reconcile(),
      () => storage.reconcile(),
    ];
    let isOrderly = true;
    for (const step of steps) {
      try {
        if (!signal.aborted) await step();
      } catch (error) {
        isOrderly = false;
        log.error("cannot put everything in order yet", { error });
      }
    }
    if (isOrderly) pauseMs = FIRST_PAUSE_MS;
    else order.restoreSoon();
  };
  const order: Order = {
    restore: () => (restoring = restoring.then(restoreAll)),
    restoreSoon: () => {
      if (waiting !== undefined || signal.aborted) return;
      waiting = clock.sleep(pauseMs, signal).then(
        () => {
          waiting = undefined;
          pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
          return order.restore();
        },
        () => undefined, // the daemon ends
      );
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await restoring;
    },
  };
  return order;
}
