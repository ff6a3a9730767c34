/**
 * `catalog.json`: what a catalog offers.
 *
 *     {
 *       "schema": 1,
 *       "name": "acme",                          of the catalog, so that one cannot be passed off as another
 *       "version": 7,                            only rises
 *       "issued": "2026-11-26T12:00:00Z",        when it was signed
 *       "expires": "2027-02-26T12:00:00Z",       after this nobody uses it any more
 *       "entries": [
 *         {
 *           "type": "kernel",                    or "image"
 *           "name": "generic-6.12", "distro": "banger", "arch": "amd64",
 *           "version": "6.12.117",               of a kernel, as uname -r says; of an image "kernelRef", the kernel it is used with,
 *                                                and "requirements", the names of what a vm of it needs to be ready
 *           "description": "...",
 *           "bundle": { "url": "generic-6.12-amd64-0123456789abcdef.tar.zst", "sha256": "...", "bytes": 4812345 }
 *         }
 *       ]
 *     }
 *
 * Instead of `bundle` an entry has `debian`, what to take of a Debian archive, or `build`, a recipe that nobody has published yet.
 */
import { z } from "zod";
import { catalogName } from "../../contract/schemas/catalog-names.ts";
import { MOST_REQUIREMENTS } from "../../contract/schemas/requirement.ts";
import { distroName, goodsName, kernelRelease, sha256 } from "../../contract/schemas/names.ts";
import { documentVersion, instant, line, packageName, suite } from "./fields.ts";

/** More than any kernel or image has; bounds a download before it begins. */
const BUNDLE_MAX_BYTES = 64 * 2 ** 30;
const ENTRIES_MAX = 10_000;

const url = z.string().max(2048).refine(isAddress, "must be an http, https, file or oci address, or a path beside the catalog");

const bundle = z.strictObject({
  /** Relative to the catalog's own address, unless it is one itself. */
  url,
  sha256,
  bytes: z.number().int().min(1).max(BUNDLE_MAX_BYTES),
});

/** Of all entries. Exactly one of `bundle`, `debian` and `build` says where it comes from. */
const head = {
  name: goodsName,
  distro: distroName,
  arch: z.enum(["amd64", "arm64"]),
};

const kernelEntry = z.strictObject({
  type: z.literal("kernel"),
  ...head,
  /** As `uname -r` says; what is not known before it is fetched is not said. */
  version: kernelRelease.optional(),
  description: line,
  bundle: bundle.optional(),
  debian: z.strictObject({ suite, package: packageName }).optional(),
  build: z.strictObject({ version: z.string().regex(/^\d+(\.\d+){1,2}$/, "is no version of Linux") }).optional(),
});

const imageEntry = z.strictObject({
  type: z.literal("image"),
  ...head,
  /** The kernel that it is used with; without it whoever makes a vm names one. */
  kernelRef: goodsName.optional(),
  /** What a vm of it needs to be ready, by name. */
  requirements: z.array(line).min(1).max(MOST_REQUIREMENTS).optional(),
  description: line,
  bundle: bundle.optional(),
  debian: z.strictObject({ suite, packages: z.array(packageName).min(1).max(1000) }).optional(),
});

export const entrySchema = z
  .discriminatedUnion("type", [kernelEntry, imageEntry])
  .refine(
    (entry) => [entry.bundle, entry.debian, "build" in entry ? entry.build : undefined].filter((from) => from !== undefined).length === 1,
    "has exactly one of bundle, debian and build",
  );
export type DocumentEntry = z.output<typeof entrySchema>;

export const catalogDocument = z.strictObject({
  schema: z.literal(1, "is of a form that this banger does not know: install a newer one"),
  name: catalogName,
  version: documentVersion,
  issued: instant,
  expires: instant,
  entries: z.array(entrySchema).max(ENTRIES_MAX).refine(isSorted, "are not in order: by type, name and architecture, each once"),
});
export type CatalogDocument = z.output<typeof catalogDocument>;

/** What makes an entry that entry: `kernel generic-6.12 amd64`. */
export function keyOf({ type, name, arch }: Readonly<Record<"type" | "name" | "arch", string>>): string {
  return `${type} ${name} ${arch}`;
}

/** In order, with one entry more, or one put in the place of the one with its key. */
export function withEntry(entries: readonly DocumentEntry[], entry: DocumentEntry): readonly DocumentEntry[] {
  return sortEntries([...entries.filter((other) => keyOf(other) !== keyOf(entry)), entry]);
}

export function sortEntries(entries: readonly DocumentEntry[]): readonly DocumentEntry[] {
  return entries.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** By type, name and architecture, each once. */
export function isSorted(entries: readonly DocumentEntry[]): boolean {
  return entries.every((entry, at) => {
    const before = entries[at - 1];
    return before === undefined || keyOf(before) < keyOf(entry);
  });
}

function isAddress(text: string): boolean {
  if (/^[A-Za-z0-9_][\w.+~-]*(\/[A-Za-z0-9_][\w.+~-]*)*$/.test(text)) return true;
  if (!/^(https?|file|oci):\/\/[!-~]+$/.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === "" && password === "";
}
