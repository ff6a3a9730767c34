import { pathToFileURL } from "node:url";
import { BangerError } from "../../contract/errors.ts";
import { localPath } from "../fetch/local-path.ts";

/** The address of a `catalog.json`: as it was given, of a file by its path, or in the folder that was meant. */
export function addressOf(given: string): string {
  const url = given.startsWith("/") ? pathToFileURL(given) : parse(given);
  if (!/^(https?|file):$/.test(url.protocol)) throw odd(given, `${url.protocol} is not fetched`);
  if (url.protocol === "file:" && localPath(url.href) === undefined) throw odd(given, "it is no path of this computer");
  if (url.username !== "" || url.password !== "") throw odd(given, "a password in an address is shown to everybody");
  if (url.search !== "" || url.hash !== "") throw odd(given, "what lies beside it has to be found by its name");
  if (!url.pathname.endsWith(".json")) url.pathname = `${url.pathname.replace(/\/+$/, "")}/catalog.json`;
  return url.href;
}

function parse(given: string): URL {
  if (!URL.canParse(given)) throw odd(given, "it is none");
  return new URL(given);
}

function odd(given: string, why: string): BangerError {
  return new BangerError("invalid", "bad_catalog_address", `cannot use the address ${JSON.stringify(given)}: ${why}`, {
    hint: "https://HOST/PATH/catalog.json, or the absolute path of one",
  });
}
