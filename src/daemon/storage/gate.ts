/**
 * Keeps removing and using apart. Who makes or starts a vm, or fetches goods, goes in with others; who removes what might be
 * used goes in alone, and never waits. Work that comes while somebody is alone in there waits for his end, which is near: removing
 * one thing.
 */
export interface Gate {
  share<T>(work: () => Promise<T>): Promise<T>;
  /** Undefined when somebody is in there: then nothing was done. */
  tryAlone<T>(work: () => Promise<T>): Promise<{ readonly result: T } | undefined>;
}

export function makeGate(): Gate {
  let sharing = 0;
  let alone: Promise<unknown> | undefined;
  return {
    share: async (work) => {
      while (alone !== undefined) await alone;
      sharing += 1;
      try {
        return await work();
      } finally {
        sharing -= 1;
      }
    },
    tryAlone: async (work) => {
      if (sharing > 0 || alone !== undefined) return undefined;
      const working = work();
      alone = working.then(
        () => undefined,
        () => undefined,
      );
      try {
        return { result: await working };
      } finally {
        alone = undefined;
      }
    },
  };
}
