import type { CatalogShape } from "../../contract/schemas/catalog.ts";
import type { Output } from "../../sdk/sdk.ts";
import { formatBytes } from "../format.ts";
import { table } from "../table.ts";

/** `banger catalog list`: what there is to be pulled, below the catalogs that offer it. */
export async function showCatalogs({ catalogs, entries }: Output<"catalog.list">): Promise<string> {
  const hasProblems = catalogs.some(({ problem }) => problem !== null);
  const known = await table(
    ["CATALOG", "VERSION", "GOOD UNTIL", "ENTRIES", "SOURCE", "ADDRESS", ...(hasProblems ? ["PROBLEM"] : [])],
    catalogs.map(({ name, source, version, expires, entryCount, url, problem }) => [
      name,
      version === null ? "-" : String(version),
      expires ?? "-",
      String(entryCount),
      source,
      url ?? "-",
      ...(hasProblems ? [problem ?? ""] : []),
    ]),
  );
  const offered = await table(
    ["TYPE", "NAME", "VERSION", "FROM", "CATALOG", "DESCRIPTION"],
    entries.map(({ type, name, version, kernelRef, from, bytes, catalog, description }) => [
      type,
      name,
      version ?? (kernelRef === null ? "" : `for ${kernelRef}`),
      bytes === null ? from : `${from}, ${formatBytes(bytes)}`,
      catalog,
      description,
    ]),
  );
  return `${known}\n${offered}`;
}

/** `banger catalog add`, `banger catalog update` */
export function showCatalog({ name, version, entryCount, expires }: CatalogShape): string {
  return `catalog ${name} is version ${version}, with ${entryCount} ${entryCount === 1 ? "entry" : "entries"}, good until ${expires}\n`;
}
