/** Does works one after the other, in the order in which they were asked for: each finds what the one before has left. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

export function makeInTurn(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    // Whoever asked is told of a failure; the next one begins all the same.
    last = mine.catch(() => undefined);
    return mine;
  };
}
