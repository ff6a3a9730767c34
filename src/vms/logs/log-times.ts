const PAIR_BYTES = 16;

/**
 * The offset from which on a log is to be read to have all that came since a moment, by the pairs of `console.log.times`
 * (`guest/src/keep/times.rs`). Pairs are some hundred bytes and a second apart: a little of what came before is shown too.
 */
export function offsetSince(times: Uint8Array, atMs: number): number {
  const view = new DataView(times.buffer, times.byteOffset, times.byteLength);
  const pairs = Math.floor(times.byteLength / PAIR_BYTES);
  // The last pair that is not younger.
  let [low, high] = [0, pairs];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (Number(view.getBigUint64(middle * PAIR_BYTES + 8, true)) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : Number(view.getBigUint64((low - 1) * PAIR_BYTES, true));
}
