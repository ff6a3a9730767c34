/**
 * The time since `begin`, a reading of `performance.now()`, as people read it.
 * @param {number} begin
 */
export function seconds(begin) {
  const elapsed = (performance.now() - begin) / 1000;
  return elapsed < 60 ? `${elapsed.toFixed(1)} s` : `${Math.floor(elapsed / 60)} min ${Math.round(elapsed % 60)} s`;
}
