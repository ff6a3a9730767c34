import { BangerError } from "../contract/errors.ts";

/** Makes images, each name by one at a time: who comes second learns it now, and not after an hour of work. */
export type OneAtATime = <T>(name: string, what: string, work: () => Promise<T>) => Promise<T>;

export function makeOneAtATime(): OneAtATime {
  const names = new Set<string>();
  return async (name, what, work) => {
    if (names.has(name)) {
      throw new BangerError("exists", "image_in_making", `${what}: an image ${name} is being made already`, {
        hint: "banger operation list shows by what; or take another name",
      });
    }
    names.add(name);
    try {
      return await work();
    } finally {
      names.delete(name);
    }
  };
}
