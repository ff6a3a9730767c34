/** A verified `Packages` index, read as it is unpacked; only the stanzas of one package become packages. */
import { z } from "zod";
import type { DebianSource, VerifiedPackage } from "../catalog.ts";
import { parseStanzas, type Stanza } from "./control-stanzas.ts";
import { compareDebianVersions } from "./debian-version.ts";
import { parseDependencies } from "./dependencies.ts";
import { searchStanzas } from "./stanza-search.ts";

const stanzaFields = z.object({
  package: z.string(),
  version: z.string().regex(/^[A-Za-z0-9.+:~-]+$/),
  architecture: z.enum(["amd64", "all"]),
  filename: z
    .string()
    .max(1024)
    .regex(/^[A-Za-z0-9_][\w.+~%:-]*(\/[A-Za-z0-9_][\w.+~%:-]*)*$/, "is not a path inside the archive"),
  size: z.string().regex(/^\d{1,12}$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  depends: z.string().default(""),
  "pre-depends": z.string().default(""),
});

/** The newest `name`, or the one of exactly `version`; undefined when there is none. Throws `Error` on what is not an index. */
export async function findInIndex(
  parts: AsyncIterable<Uint8Array>,
  name: string,
  version: string | undefined,
  source: DebianSource,
): Promise<VerifiedPackage | undefined> {
  let newest: VerifiedPackage | undefined;
  const take = (stanza: Stanza): void => {
    if (stanza.get("package") !== name) return;
    const found = packageOf(stanza, source);
    if (version !== undefined && found.version !== version) return;
    if (newest === undefined || compareDebianVersions(found.version, newest.version) > 0) newest = found;
  };
  for await (const text of searchStanzas(parts, name)) for (const stanza of parseStanzas(text.split("\n"))) take(stanza);
  return newest;
}

function packageOf(stanza: Stanza, source: DebianSource): VerifiedPackage {
  const fields = stanzaFields.parse(Object.fromEntries(stanza));
  return {
    name: fields.package,
    version: fields.version,
    depends: parseDependencies([fields["pre-depends"], fields.depends].join(",")),
    // It is a path and not a part of an address: a percent in it stands for itself, and hides neither a slash nor an end.
    url: `${source.uri}/${fields.filename.replaceAll("%", "%25")}`,
    bytes: Number(fields.size),
    sha256: fields.sha256,
  };
}
