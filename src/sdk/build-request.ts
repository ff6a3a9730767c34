import type { Verb } from "../contract/verb.ts";

export interface HttpRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** JSON, or undefined when there is none. */
  readonly body: string | undefined;
}

/** Where the fields of a request travel: those in the path there, the others as query or body. Undefined fields are left out, and
 * a list is repeated in a query. */
export function buildRequest(verb: Pick<Verb, "method" | "path">, request: Readonly<Record<string, unknown>>): HttpRequest {
  const others = new Map(Object.entries(request).filter(([, value]) => value !== undefined));
  const path = verb.path.replaceAll(/:(\w+)/g, (_, field: string) => {
    const value = String(others.get(field) ?? "");
    others.delete(field);
    // A dot alone would be taken for a step in the path.
    return encodeURIComponent(value).replace(/^\.{1,2}$/, (dots) => "%2e".repeat(dots.length));
  });
  if (verb.method === "POST" || verb.method === "PUT") {
    return { method: verb.method, path, body: JSON.stringify(Object.fromEntries(others)) };
  }
  const pairs = [...others].flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((each): [string, string] => [key, String(each)]),
  );
  const query = new URLSearchParams(pairs).toString();
  return { method: verb.method, path: query === "" ? path : `${path}?${query}`, body: undefined };
}
