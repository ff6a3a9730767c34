/** Lines of `mmdebstrap --verbose` -> how far it is. */

export interface BootstrapProgress {
  /** Packages set up so far. */
  readonly done: number;
  /** Known once the second and last list of packages is. */
  readonly total: number | undefined;
}

/** Returns a function that takes each line and says how far we are when that has changed. */
export function makeBootstrapProgress(): (line: string) => BootstrapProgress | undefined {
  let done = 0;
  let announced = 0;
  let lists = 0;
  return (line) => {
    const count = /^\d+ upgraded, (\d+) newly installed/.exec(line);
    if (count !== null) {
      announced += Number(count[1]);
      lists += 1;
    } else if (line.startsWith("Setting up ")) {
      done += 1;
    } else {
      return undefined;
    }
    return { done, total: lists < 2 ? undefined : Math.max(announced, done) };
  };
}
