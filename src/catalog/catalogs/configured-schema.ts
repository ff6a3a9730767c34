/** A catalog as it stands in the config. */
import { z } from "zod";
import { BangerError } from "../../contract/errors.ts";
import { catalogName } from "../../contract/schemas/catalog-names.ts";
import { publicKey } from "../document/fields.ts";
import { EMBEDDED_NAME } from "../embedded-catalog.ts";
import { addressOf } from "./address-of.ts";

/** An http, https or file address, or an absolute path; of the `catalog.json`, or the folder that it is in. */
const catalogAddress = z.string().transform((given, context) => {
  try {
    return addressOf(given);
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    context.addIssue({ code: "custom", message: `${error.message}; write ${error.hint}` });
    return z.NEVER;
  }
});

const configuredCatalog = z.strictObject({
  name: catalogName.refine((name) => name !== EMBEDDED_NAME, `the catalog inside the program is called ${EMBEDDED_NAME}`),
  url: catalogAddress,
  keys: z.array(publicKey).min(1, "without a key nothing of it could be believed").max(8),
});

export const configuredCatalogs = z
  .array(configuredCatalog)
  .max(64)
  .superRefine((catalogs, context) => {
    for (const [index, { name }] of catalogs.entries())
      if (catalogs.findIndex((each) => each.name === name) < index)
        context.addIssue({ code: "custom", path: [index, "name"], message: `there is a catalog ${name} above` });
  });
