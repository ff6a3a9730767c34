/** A `Depends` field: `a (= 1.0), b | c (>= 2)`. */
import type { Dependency, PackageRelation } from "../catalog.ts";

const RELATION = /^([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?\s*(?:\((<<|<=|=|>=|>>)\s*([^\s()]+)\))?\s*(?:\[[^\]]*\])?$/;

/** Throws `Error` on what is not a list of dependencies. */
export function parseDependencies(text: string): readonly Dependency[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => part.split("|").map((alternative) => parseRelation(alternative.trim())));
}

function parseRelation(text: string): PackageRelation {
  const match = RELATION.exec(text);
  if (match === null) throw new Error(`${JSON.stringify(text.slice(0, 120))} is not a dependency`);
  return { name: match[1] ?? "", relation: match[2] as PackageRelation["relation"], version: match[3] };
}
