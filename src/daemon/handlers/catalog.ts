import type { CatalogEntryShape, CatalogShape } from "../../contract/schemas/catalog.ts";
import type { KnownCatalog } from "../../catalog/catalog.ts";
import type { HandlersOf } from "../handler.ts";

export const catalogHandlers: HandlersOf<"catalog"> = {
  "catalog.list": ({ catalogs, embedded }) => {
    const known = catalogs.list();
    const ours = embedded.entries;
    const first = { name: embedded.name, url: null, keys: [], version: null, issued: null, expires: null, updatedAt: null, problem: null };
    return {
      catalogs: [{ ...first, entryCount: ours.length }, ...known.map(shapeOf)],
      entries: [
        ...ours.map((entry) => entryOf(embedded.name, entry)),
        ...known.flatMap((catalog) => catalog.entries.map((entry) => entryOf(catalog.name, entry))),
      ],
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
