import type { Steps } from "./dependencies.ts";
import type { RunningGuest } from "./running-guest.ts";

/** A clock that is less behind is right: asking takes time, too. */
const SLACK_MS = 500;

/** Stage `clock`: a guest that stood still has a clock that did so, too. A guest that does not answer goes on with a wrong one. */
export async function setClockRight(guest: RunningGuest | undefined, steps: Steps): Promise<void> {
  await steps.stage("clock", async (stage) => {
    const behindMs = await guest?.setClock(steps.signal);
    if (behindMs === undefined) steps.notice("the guest does not answer, so its clock may be wrong: it stood still with the guest");
    else stage.note(behindMs < SLACK_MS ? "right" : `was ${(behindMs / 1000).toFixed(1)} s behind`);
  });
}
