import type { CatalogEntryShape, CatalogShape } from "../../contract/schemas/catalog.ts";
import type { KnownCatalog, Offer } from "../../catalog/catalog.ts";
import type { HandlersOf } from "../handler.ts";

export const catalogHandlers: HandlersOf<"catalog"> = {
  "catalog.list": ({ catalogs, embedded }) => {
    const known = catalogs.list();
    const ours = embedded.entries;
    const { entries: _, ...never } = NOT_FETCHED;
    const first = { name: embedded.name, source: "program" as const, url: null, keys: [], ...never, problem: null };
    return {
      catalogs: [{ ...first, entryCount: ours.length }, ...known.map(shapeOf)],
      entries: [
        ...ours.map((entry) => entryOf(embedded.name, entry)),
        ...known.flatMap((catalog) => (catalog.accepted?.entries ?? []).map((entry) => entryOf(catalog.name, entry))),
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

const NOT_FETCHED = { version: null, issued: null, expires: null, updatedAt: null, entries: [] } as const;

function shapeOf({ name, url, keys, isConfigured, accepted, problem }: KnownCatalog): CatalogShape {
  const { entries, ...fetched } = accepted ?? NOT_FETCHED;
  const source = isConfigured ? "config" : "added";
  return { name, source, url, keys: [...keys], ...fetched, entryCount: entries.length, problem: problem ?? null };
}

function entryOf(catalog: string, entry: Offer["entry"]): CatalogEntryShape {
  const { type, name, distro, arch, description, bundle, debian } = entry;
  return {
    catalog,
    type,
    name,
    distro,
    arch,
    version: entry.type === "kernel" ? (entry.version ?? null) : null,
    kernelRef: entry.type === "image" ? (entry.kernelRef ?? null) : null,
    description,
    from: bundle !== undefined ? "bundle" : debian !== undefined ? "archive" : "recipe",
    bytes: bundle?.bytes ?? null,
  };
}
