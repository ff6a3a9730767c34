/**
 * Row 4, too: a command in one guest while another one does its worst to the daemon, against the same while that one is idle. The slowest of a
 * hundred counts. Both guests are of the fake driver, so that it is the daemon that is measured, not two emulators on the same processors.
 */
import { openHostileWorld, STORMS } from "../test/support/hostile-world.ts";
import { compare, quantile, type Row } from "./measure.ts";

const RUNS = 9;
const COMMANDS = 100;
const SLOWEST = 0.99;

export async function* measureHostile(): AsyncIterable<Row> {
  await using hostile = await openHostileWorld();
  let deeds = 0;
  yield await compare({
    row: 4,
    operation: "slowest of 100 commands, beside a hostile guest",
    target: 2,
    runs: RUNS,
    ours: {
      what: "while it does its worst",
      run: async () => {
        deeds += 1;
        return quantile(await hostile.timeGoodDuring(STORMS[deeds % STORMS.length] ?? "", COMMANDS), SLOWEST);
      },
    },
    other: {
      what: "while it is idle",
      run: async () => {
        const times: number[] = [];
        while (times.length < COMMANDS) times.push(await hostile.timeGood());
        return quantile(times, SLOWEST);
      },
    },
  });
}
