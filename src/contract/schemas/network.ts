import { z } from "zod";

/** A network, or `none`. Vms of one know each other as NAME.NETWORK: both are labels of a host name. */
export const networkOrNone = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    "a network's name has 1 to 63 of a-z, 0-9 and hyphen, and neither starts nor ends with a hyphen",
  );

export const networkName = networkOrNone.refine((name) => name !== "none", "none is what is said of a vm that is in no network");

/** A network that vms have in common. */
export const network = z.strictObject({
  name: z.string(),
  /** Names of the vms in it, running or not. */
  vms: z.array(z.string()),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
});
export type Network = z.output<typeof network>;
