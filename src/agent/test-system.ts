import { makeClock } from "../system/clock.ts";
import { makeRandom } from "../system/random.ts";
import type { System } from "../system/system.ts";

/** What this room needs of `System`, real. */
export const testSystem: Pick<System, "clock" | "random"> = { clock: makeClock(), random: makeRandom() };
