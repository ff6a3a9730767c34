/** The catalog inside the program: a list of entries as in a catalog's document. The program is believed, so it has no signature. */
import { z } from "zod";
import type { Embedded } from "./catalog.ts";
import { entrySchema, isSorted } from "./document/catalog-document.ts";
import entries from "./embedded-catalog.json" with { type: "json" };

export const EMBEDDED_NAME = "banger";

/** Throws a zod error when the program was put together wrong. */
export function openEmbedded(): Embedded {
  return { name: EMBEDDED_NAME, entries: z.array(entrySchema).refine(isSorted, "are not in order").parse(entries) };
}
