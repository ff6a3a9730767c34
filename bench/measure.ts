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
  readonly medianMs: number;
  readonly runs: number;
}

export interface Comparison {
  readonly row: number;
  readonly operation: string;
  readonly target: number;
  readonly runs: number;
  readonly ours: { readonly what: string; readonly run: () => Promise<number> };
  readonly other: { readonly what: string; readonly run: () => Promise<number> };
}

/** Runs both sides in turn; each side's `run` answers the milliseconds that count. One round of each warms up and is not counted. */
export async function compare({ row, operation, target, runs, ours, other }: Comparison): Promise<Row> {
  const [oursMs, otherMs]: [number[], number[]] = [[], []];
  for (let round = -1; round < runs; round += 1) {
    // Whoever goes first in one round goes second in the next.
    const order = round % 2 === 0 ? ([ours, other] as const) : ([other, ours] as const);
    for (const side of order) {
      const ms = await side.run();
      if (round >= 0) (side === ours ? oursMs : otherMs).push(ms);
    }
  }
  const [oursMedian, otherMedian] = [quantile(oursMs, 0.5), quantile(otherMs, 0.5)];
  return {
    row,
    operation,
    ours: { what: ours.what, medianMs: oursMedian, runs },
    other: { what: other.what, medianMs: otherMedian, runs },
    ratio: oursMedian / otherMedian,
    target,
    spread: Math.max(spreadOf(oursMs), spreadOf(otherMs)),
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
