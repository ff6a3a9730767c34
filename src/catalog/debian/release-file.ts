/** A suite's `Release`, verified: what it says about itself and the digests of its indexes. */
import { parseStanzas } from "./control-stanzas.ts";

export interface IndexDigest {
  readonly sha256: string;
  readonly bytes: number;
}

export interface ReleaseFile {
  readonly suite: string | undefined;
  readonly codename: string | undefined;
  /** Milliseconds since the epoch. */
  readonly dateMs: number;
  readonly validUntilMs: number | undefined;
  readonly hasByHash: boolean;
  /** By path below `dists/SUITE/`. */
  readonly indexes: ReadonlyMap<string, IndexDigest>;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Throws `Error` on what a Release file cannot be. */
export function parseRelease(text: string): ReleaseFile {
  const [fields, second] = parseStanzas(text.split("\n"));
  if (fields === undefined || second !== undefined) throw new Error("it is not one stanza");
  const date = fields.get("date");
  if (date === undefined) throw new Error("it has no Date");
  const validUntil = fields.get("valid-until");
  return {
    suite: fields.get("suite"),
    codename: fields.get("codename"),
    dateMs: parseDate(date),
    validUntilMs: validUntil === undefined ? undefined : parseDate(validUntil),
    hasByHash: fields.get("acquire-by-hash") === "yes",
    indexes: parseDigests(fields.get("sha256") ?? ""),
  };
}

/** `Sat, 21 Nov 2026 00:53:02 UTC`, and nothing else: a date that is read leniently is a date that can be argued with. */
function parseDate(text: string): number {
  const match = /^[A-Z][a-z]{2}, {1,2}(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) (?:UTC|GMT|\+0000)$/.exec(text);
  const month = MONTHS.indexOf(match?.[2] ?? "");
  if (match === null || month < 0) throw new Error(`${JSON.stringify(text.slice(0, 60))} is not a date`);
  const [day, year, hour, minute, second] = [match[1], match[3], match[4], match[5], match[6]].map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) throw new Error(`${JSON.stringify(text)} is not a date`);
  return Date.UTC(year, month, day, hour, minute, second);
}

function parseDigests(text: string): ReadonlyMap<string, IndexDigest> {
  const digests = new Map<string, IndexDigest>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const match = /^([0-9a-f]{64})\s+(\d{1,15})\s+(\S+)$/.exec(line);
    if (match === null) throw new Error(`${JSON.stringify(line.slice(0, 120))} is not a digest`);
    const [, sha256 = "", bytes = "", path = ""] = match;
    if (digests.has(path)) throw new Error(`${path} has two digests`);
    digests.set(path, { sha256, bytes: Number(bytes) });
  }
  return digests;
}
