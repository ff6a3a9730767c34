/**
 * `keys.json`: which keys sign a catalog, signed by those that people were given. The keys of a catalog can so be changed without anybody
 * typing anything, and a key that was lost or stolen be taken out of use.
 *
 *     {
 *       "schema": 1,
 *       "name": "acme",
 *       "version": 2,                            only rises
 *       "issued": "2026-11-26T12:00:00Z",
 *       "expires": "2027-11-26T12:00:00Z",
 *       "roots": ["RW..."], "threshold": 1,      keys kept offline; so many of them sign this document
 *       "releases": ["RW..."]                    keys in daily use; any of them signs catalog.json
 *     }
 */
import { z } from "zod";
import { catalogName } from "../../contract/schemas/catalog-names.ts";
import { documentVersion, instant, publicKey } from "./fields.ts";

const KEYS_MAX = 16;
const keys = z
  .array(publicKey)
  .min(1)
  .max(KEYS_MAX)
  .refine((list) => new Set(list).size === list.length, "has a key twice");

export const keysDocument = z
  .strictObject({
    schema: z.literal(1, "is of a form that this banger does not know: install a newer one"),
    name: catalogName,
    version: documentVersion,
    issued: instant,
    expires: instant,
    roots: keys,
    threshold: z.number().int().min(1).max(KEYS_MAX),
    releases: keys,
  })
  .refine(({ roots, threshold }) => threshold <= roots.length, { path: ["threshold"], error: "is more than there are roots" })
  .refine(({ roots, releases }) => !releases.some((key) => roots.includes(key)), { path: ["releases"], error: "has a key that is a root" });
export type KeysDocument = z.output<typeof keysDocument>;
