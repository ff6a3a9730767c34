import type { BangerError } from "../contract/errors.ts";

/** Works of one key one at a time: who comes while one is under way is refused at once, and not after an hour of work. */
export type OneAtATime = <T>(key: string, work: () => Promise<T>, busy: (key: string) => BangerError) => Promise<T>;

export function makeOneAtATime(): OneAtATime {
  const underWay = new Set<string>();
  return async (key, work, busy) => {
    if (underWay.has(key)) throw busy(key);
    underWay.add(key);
    try {
      return await work();
    } finally {
      underWay.delete(key);
    }
  };
}
