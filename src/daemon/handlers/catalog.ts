import type { CatalogEntryShape, CatalogShape } from "../../contract/schemas/catalog.ts";
import type { CatalogEntry, KnownCatalog } from "../../catalog/catalog.ts";
import type { HandlersOf } from "../handler.ts";

/** How the one inside the program is called. */
const EMBEDDED = "banger";

export const catalogHandlers: HandlersOf<"catalog"> = {
  "catalog.list": ({ catalogs, embedded }) => {
    const known = catalogs.list();
    const ours = embedded.list();
    const first = { name: EMBEDDED, url: null, keys: [], version: null, issued: null, expires: null, updatedAt: null, problem: null };
    return {
      catalogs: [{ ...first, entryCount: ours.length }, ...known.map(shapeOf)],
      entries: [...ours.map(embeddedEntry), ...known.flatMap((catalog) => catalog.entries.map((entry) => entryOf(catalog.name, entry)))],
    };
  },
  "catalog.add": async ({ catalogs }, { name, url, key }, context) => shapeOf(await catalogs.add({ name, url, keys: key }, context)),
  "catalog.update": async ({ catalogs }, input, context) => shapeOf(await catalogs.update(input.catalog, context)),
  "catalog.remove": ({ catalogs }, input) => {
    catalogs.remove(input.catalog);
    return { catalog: input.catalog };
  },
};

function shapeOf({ entries, keys, problem, ...known }: KnownCatalog): CatalogShape {
  return { ...known, keys: [...keys], entryCount: entries.length, problem: problem ?? null };
}

function embeddedEntry(entry: CatalogEntry): CatalogEntryShape {
  const { name, arch, description } = entry;
  const isKernel = entry.kind === "debian-kernel";
  return {
    catalog: EMBEDDED,
    type: isKernel ? "kernel" : "image",
    name,
    distro: "debian",
    arch,
    version: null,
    kernelRef: isKernel ? null : entry.kernelRef,
    description,
    from: "archive",
    bytes: null,
  };
}

function entryOf(catalog: string, entry: KnownCatalog["entries"][number]): CatalogEntryShape {
  const { type, name, distro, arch, description, bundle, debian } = entry;
  return {
    catalog,
    type,
    name,
    distro,
    arch,
    version: entry.type === "kernel" ? (entry.version ?? null) : null,
    kernelRef: entry.type === "image" ? entry.kernelRef : null,
    description,
    from: bundle !== undefined ? "bundle" : debian !== undefined ? "archive" : "recipe",
    bytes: bundle?.bytes ?? null,
  };
}
