/** The drivers that run a computer. No schema here, so that the command line can offer them. */
export const REAL_DRIVER_NAMES = ["qemu"] as const;

/** All drivers there are; the fake one is for tests alone: it works where it is asked for, and nobody is told of it. */
export const DRIVER_NAMES = [...REAL_DRIVER_NAMES, "fake"] as const;
