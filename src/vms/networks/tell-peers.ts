/** Tells running guests where the vms of their network are, whenever that changes. */
import { makeQuietSteps, type VmDependencies } from "../dependencies.ts";
import type { Supervisor } from "../supervise.ts";

/** For a guest that does not answer: nobody else is to wait for it longer. */
const PATIENCE_MS = 5_000;

export interface PeerTeller {
  /** Resolves when everybody knows what holds now, or is not worth waiting for. */
  settled(signal: AbortSignal): Promise<void>;
}

export function tellPeers(
  supervisors: ReadonlyMap<string, Supervisor>,
  { system: { clock }, peers }: Pick<VmDependencies, "system" | "peers">,
): PeerTeller {
  let telling: Promise<unknown> = Promise.resolve();
  // Who has left its network was told so when it was set.
  const members = (): readonly Supervisor[] => [...supervisors.values()].filter(({ record }) => record.plan.network !== null);
  const tellAll = (): Promise<unknown> => Promise.allSettled(members().map((member) => member.giveLive(makeQuietSteps())));
  peers.onChange(() => {
    // Whoever is told has the newest word: each waits for the one before, in its own order.
    const before = telling;
    telling = Promise.resolve().then(() => Promise.all([before, tellAll()]));
  });
  return {
    settled: async (signal) => {
      const over = new AbortController();
      const patience = clock.sleep(PATIENCE_MS, AbortSignal.any([signal, over.signal])).catch(() => undefined);
      await Promise.race([telling, patience]);
      over.abort();
    },
  };
}
