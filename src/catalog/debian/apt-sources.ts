/** The two ways apt writes its sources: `.list` with a source on each line, and `.sources` with a stanza for each. */
import type { DebianSource } from "../catalog.ts";
import { parseStanzas, type Stanza } from "./control-stanzas.ts";

const SCHEMES = ["http:", "https:", "file:"];

/** Sources of a `.list` file: `deb [options] uri suite component...`. Lines that are not understood are none of ours. */
export function parseSourceLines(text: string): readonly DebianSource[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s+([^#]*\S)\s*(?:#.*)?$/.exec(line);
    if (match === null) return [];
    const [, options = "", uri = "", suite = "", components = ""] = match;
    const architectures = /(?:^|\s)arch=(\S+)/.exec(options)?.[1];
    if (architectures !== undefined && !architectures.split(",").includes("amd64")) return [];
    return sourcesOf([uri], [suite], components.split(/\s+/));
  });
}

/** Sources of a `.sources` file. `Signed-By` is not read: who may sign is pinned. Throws `Error` when it is not deb822. */
export function parseSourceStanzas(text: string): readonly DebianSource[] {
  return [...parseStanzas(text.split("\n"))].flatMap((stanza) => {
    if (!words(stanza, "types").includes("deb")) return [];
    if (/^(no|false|without|off|disable|0)$/i.test(stanza.get("enabled") ?? "yes")) return [];
    const architectures = words(stanza, "architectures");
    if (architectures.length > 0 && !architectures.includes("amd64")) return [];
    return sourcesOf(words(stanza, "uris"), words(stanza, "suites"), words(stanza, "components"));
  });
}

function words(stanza: Stanza, field: string): readonly string[] {
  return (stanza.get(field) ?? "").split(/\s+/).filter((word) => word !== "");
}

function sourcesOf(uris: readonly string[], suites: readonly string[], components: readonly string[]): readonly DebianSource[] {
  return uris.flatMap((given) => {
    const uri = mirrorUri(given);
    if (uri === undefined) return [];
    // A suite that is a path (`./`) is a flat repository, which has no components and no place for suites of ours.
    return suites.filter((suite) => !suite.includes("/")).map((suite) => ({ uri, suite, components }));
  });
}

/** A mirror's address as we can use it, or undefined: apt also knows `cdrom:`, `tor+http:` and such. */
export function mirrorUri(given: string): string | undefined {
  const uri = given.replace(/^copy:/, "file:").replace(/^file:\/+/, "file:///");
  if (!URL.canParse(uri) || !SCHEMES.includes(new URL(uri).protocol)) return undefined;
  return uri.replace(/\/+$/, "");
}
