/** What catalogs look like from outside. */
import { z } from "zod";

export const catalog = z.strictObject({
  name: z.string(),
  /** Inside the program, in the config, or added by `catalog add`. */
  source: z.enum(["program", "config", "added"]),
  /** Null of the one inside the program. */
  url: z.string().nullable(),
  /** Public keys of minisign that it was added with. */
  keys: z.array(z.string()),
  /** Null, as are the times, of the one inside the program, and of one in the config that was not fetched yet. */
  version: z.number().nullable(),
  /** Instants like 2027-01-31T00:00:00Z. */
  issued: z.string().nullable(),
  expires: z.string().nullable(),
  entryCount: z.int(),
  /** When it was fetched last, in milliseconds since the epoch. */
  updatedAt: z.number().nullable(),
  /** Why it is of no use now. */
  problem: z.string().nullable(),
});
export type CatalogShape = z.output<typeof catalog>;

export const catalogEntry = z.strictObject({
  catalog: z.string(),
  type: z.enum(["kernel", "image"]),
  name: z.string(),
  distro: z.string(),
  arch: z.string(),
  /** Of a kernel, as `uname -r` says; null when not known before it is fetched. */
  version: z.string().nullable(),
  /** Of an image, the kernel that it is used with. */
  kernelRef: z.string().nullable(),
  description: z.string(),
  /** A bundle at an address, a distribution's archive, or a recipe to build it by. */
  from: z.enum(["bundle", "archive", "recipe"]),
  /** Of a bundle. */
  bytes: z.number().nullable(),
});
export type CatalogEntryShape = z.output<typeof catalogEntry>;
