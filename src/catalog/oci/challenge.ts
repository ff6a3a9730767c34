/** `WWW-Authenticate`: what a registry wants to be shown. */

export type Challenge =
  | { readonly scheme: "basic" }
  | { readonly scheme: "bearer"; readonly realm: string; readonly service: string | undefined; readonly scope: string | undefined };

const MAX_CHARACTERS = 4096;
const PARAMETER = /\s*([A-Za-z]+)\s*=\s*(?:"([^"\\]*)"|([^\s",]+))\s*(?:,|$)/y;

/** The first challenge, when it is one that we can answer. Anything odd is none. */
export function parseChallenge(header: string | null): Challenge | undefined {
  if (header === null || header.length > MAX_CHARACTERS) return undefined;
  const [start = "", scheme = ""] = /^\s*([A-Za-z]+)(?:\s+|$)/.exec(header) ?? [];
  if (scheme.toLowerCase() === "basic") return { scheme: "basic" };
  if (scheme.toLowerCase() !== "bearer") return undefined;
  const found = new Map<string, string>();
  PARAMETER.lastIndex = start.length;
  while (PARAMETER.lastIndex < header.length) {
    const match = PARAMETER.exec(header);
    if (match === null) break;
    const name = (match[1] ?? "").toLowerCase();
    // Two of one name are two things to two readers.
    if (found.has(name)) return undefined;
    found.set(name, match[2] ?? match[3] ?? "");
  }
  const realm = found.get("realm");
  return realm === undefined || realm === ""
    ? undefined
    : { scheme: "bearer", realm, service: found.get("service"), scope: found.get("scope") };
}
