/** The table of catalogs that were added, with what is believed of each and what it said last. */
import { z } from "zod";
import { sha256 } from "../../contract/schemas/names.ts";
import { documentVersion, publicKey } from "../document/fields.ts";
import { catalogDocument, type CatalogDocument } from "../document/catalog-document.ts";
import type { Database, Row } from "../../system/database.ts";
import type { Migration } from "../../system/system.ts";
import type { Trust } from "../trust/trust.ts";

export const CATALOG_MIGRATIONS: readonly Migration[] = [
  {
    number: 20,
    name: "catalogs",
    sql: `CREATE TABLE catalogs (
  name TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  keys TEXT NOT NULL,
  trust TEXT NOT NULL,
  document TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
`,
  },
  {
    number: 21,
    name: "configured catalogs",
    sql: "ALTER TABLE catalogs ADD COLUMN configured INTEGER NOT NULL DEFAULT 0;",
  },
];

/** A catalog as it was accepted last. */
export interface CatalogRow {
  readonly name: string;
  /** Of its `catalog.json`. */
  readonly url: string;
  /** Those that it was added with. */
  readonly keys: readonly string[];
  readonly trust: Trust;
  readonly document: CatalogDocument;
  /** When it was asked for last, in milliseconds since the epoch. */
  readonly updatedAt: number;
  /** It stands in the config. */
  readonly isConfigured: boolean;
}

export interface CatalogRows {
  list(): readonly CatalogRow[];
  find(name: string): CatalogRow | undefined;
  /** What is believed and what is offered change together. */
  write(row: CatalogRow): void;
  /** False when there was none. */
  remove(name: string): boolean;
}

const accepted = z.strictObject({ version: documentVersion, sha256, expiresMs: z.number() });
/** As it was written: a row that somebody else has written is not believed. */
const trustSchema = z.strictObject({
  name: z.string(),
  roots: z.array(publicKey),
  threshold: z.number().int(),
  keys: accepted.extend({ releases: z.array(publicKey) }).optional(),
  catalog: accepted.optional(),
  notBeforeMs: z.number(),
});

export function makeCatalogRows(database: Database): CatalogRows {
  return {
    list: () => database.all("SELECT * FROM catalogs ORDER BY name").map(rowOf),
    find: (name) => {
      const row = database.first("SELECT * FROM catalogs WHERE name = ?", name);
      return row === undefined ? undefined : rowOf(row);
    },
    write: ({ name, url, keys, trust, document, updatedAt, isConfigured }) => {
      const [keysText, trustText, documentText] = [keys, trust, document].map((value) => JSON.stringify(value));
      database.run(
        "INSERT OR REPLACE INTO catalogs VALUES (?, ?, ?, ?, ?, ?, ?)",
        name,
        url,
        keysText ?? "",
        trustText ?? "",
        documentText ?? "",
        Math.trunc(updatedAt),
        isConfigured ? 1 : 0,
      );
    },
    remove: (name) => database.run("DELETE FROM catalogs WHERE name = ?", name) > 0,
  };
}

function rowOf(row: Row): CatalogRow {
  const { keys, catalog, ...trust } = trustSchema.parse(JSON.parse(String(row["trust"])));
  return {
    name: String(row["name"]),
    url: String(row["url"]),
    keys: z.array(publicKey).parse(JSON.parse(String(row["keys"]))),
    trust: { ...trust, keys, catalog },
    document: catalogDocument.parse(JSON.parse(String(row["document"]))),
    updatedAt: Number(row["updated_at"]),
    isConfigured: row["configured"] === 1,
  };
}
