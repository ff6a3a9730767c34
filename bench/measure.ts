/**
 * How a row is measured: both sides in one run, turn by turn, so that a noisy machine is noisy for both; medians; a ratio. The
 * spread is the distance between the quartiles, relative to the median, of the worse side.
 */

/** One line of the table. */
export interface Row {
  /** Number in the table of goals. */
  readonly row: number;
  readonly operation: string;
  readonly ours: Side;
  readonly other: Side;
  /** Ours divided by the other's. */
  readonly ratio: number;
  /** The ratio may not be above this. */
  readonly target: number;
  readonly spread: number;
}

export interface Side {
  readonly what: string;
  readonly median: number;
  readonly unit: Unit;
  readonly runs: number;
}

/** What both sides of a row are measured in. Less is better in each. */
export type Unit = "ms" | "bytes" | "per s";

export interface Comparison {
  readonly row: number;
  readonly operation: string;
  readonly target: number;
  readonly runs: number;
  /** Milliseconds unless given. */
  readonly unit?: Unit;
  readonly ours: Measured;
  readonly other: Measured;
}

export interface Measured {
  readonly what: string;
  readonly run: () => Promise<number>;
}

/** The other side where there is nothing to compare with but the goal itself. */
export function goal(value: number, what = "the goal"): Measured {
  return { what, run: async () => value };
}

/** Runs both sides in turn; each side's `run` answers the number that counts. One round of each warms up and is not counted. */
export async function compare({ row, operation, target, runs, unit = "ms", ours, other }: Comparison): Promise<Row> {
  const [oursValues, otherValues]: [number[], number[]] = [[], []];
  for (let round = -1; round < runs; round += 1) {
    // Whoever goes first in one round goes second in the next.
    const order = round % 2 === 0 ? ([ours, other] as const) : ([other, ours] as const);
    for (const side of order) {
      const value = await side.run();
      if (round >= 0) (side === ours ? oursValues : otherValues).push(value);
    }
  }
  const [oursMedian, otherMedian] = [quantile(oursValues, 0.5), quantile(otherValues, 0.5)];
  return {
    row,
    operation,
    ours: { what: ours.what, median: oursMedian, unit, runs },
    other: { what: other.what, median: otherMedian, unit, runs },
    ratio: oursMedian / otherMedian,
    target,
    spread: Math.max(spreadOf(oursValues), spreadOf(otherValues)),
  };
}

/** Milliseconds that `body` takes. */
export async function timed(body: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await body();
  return performance.now() - started;
}

/** By linear interpolation between the two nearest values. */
export function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * at;
  const [below, above] = [sorted[Math.floor(place)] ?? Number.NaN, sorted[Math.ceil(place)] ?? Number.NaN];
  return below + (above - below) * (place - Math.floor(place));
}

function spreadOf(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / quantile(values, 0.5);
}
