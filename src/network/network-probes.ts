/** What a way out needs that keeps a guest from the host and its neighbours. */
import type { Probe } from "../contract/probe.ts";
import type { FindMode } from "./find-mode.ts";

const DEADLINE_MS = 20_000;

export function networkProbes(findMode: FindMode): readonly Probe[] {
  return [
    {
      name: "network",
      deadlineMs: DEADLINE_MS,
      look: async (signal) => {
        const decision = await findMode(signal);
        if (decision.mode !== "user") return { status: "fine", detail: `${decision.mode}: ${decision.why}` };
        return { status: "missing", detail: `${decision.why}; --nat is refused without --unsafe-net`, hint: decision.hint };
      },
    },
  ];
}
