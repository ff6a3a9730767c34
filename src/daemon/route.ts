import { TrieRouter } from "hono/router/trie-router";
import { BangerError } from "../contract/errors.ts";
import { OPERATIONS, type OperationName } from "../contract/operation-table.ts";

/** Which operation a request asks for. */
export interface Route {
  readonly name: OperationName;
  /** The fields that its path names. */
  readonly inPath: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

const router = new TrieRouter<OperationName>();
for (const [name, { method, path }] of Object.entries(OPERATIONS)) router.add(method, path, name as OperationName);

/** Requests that name nothing in their path and ask for nothing more: most of all, and always the same. */
const PLAIN: ReadonlyMap<string, Route> = new Map(
  Object.entries(OPERATIONS)
    .filter(([, { path }]) => !path.includes(":"))
    .map(([name, { method, path }]) => [`${method} ${path}`, { name: name as OperationName, inPath: {}, query: new URLSearchParams() }]),
);

/** Finds the operation. Throws `not_found` `no_such_route`, and `invalid` when the path cannot be decoded. */
export function findRoute(method: string, url: string): Route {
  const plain = PLAIN.get(`${method} ${url}`);
  if (plain !== undefined) return plain;
  const [path = "", ...queries] = url.split("?");
  const found = router.match(method, path)[0][0];
  if (found === undefined)
    throw new BangerError("not_found", "no_such_route", `there is no ${method} ${path} here`, { hint: "see openapi.json" });
  const [name, params] = found as [OperationName, Record<string, string>];
  try {
    const inPath = Object.fromEntries(Object.entries(params).map(([key, value]) => [key, decodeURIComponent(value)]));
    return { name, inPath, query: new URLSearchParams(queries.join("?")) };
  } catch (error) {
    throw new BangerError("invalid", "invalid_input", `cannot decode the path ${path}`, { cause: error });
  }
}
