/** The drivers there are. No schema here, so that the command line can offer them. */
export const DRIVER_NAMES = ["qemu", "fake"] as const;
