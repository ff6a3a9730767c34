import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { BangerError, type Problem } from "../contract/errors.ts";
import type { Operation } from "../contract/operation.ts";
import { OPERATIONS } from "../contract/operation-table.ts";
import type { VerbField } from "../contract/verb.ts";
import { VERBS } from "../contract/verbs.ts";
import { wordIssue } from "../contract/word-issue.ts";
import type { Route } from "./route.ts";

const BODY_MAX_BYTES = 2 ** 20;

/** The input of a request, strictly parsed. Throws `invalid` `invalid_input` with every problem and its path. */
export async function readInput(request: IncomingMessage, route: Route): Promise<unknown> {
  return parseInput(route, hasBody(OPERATIONS[route.name]) ? await readBody(request) : "");
}

/** The same, for a body that was read already. */
export function parseInput({ name, inPath, query }: Route, body: string): unknown {
  const operation: Operation = OPERATIONS[name];
  const others = hasBody(operation) ? parseJson(body) : readQuery(name, query, VERBS[name].fields);
  for (const field of Object.keys(inPath)) {
    if (Object.hasOwn(others, field)) throw invalid(name, [givenTwice("it stands in the path already")(field)]);
  }
  const parsed = operation.input.safeParse({ ...others, ...inPath }, { error: wordIssue });
  if (parsed.success) return parsed.data;
  throw invalid(name, parsed.error.issues.flatMap(problemsOf));
}

function hasBody({ method }: Operation): boolean {
  return method === "POST" || method === "PUT";
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of untilGone(request)) {
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES)
      throw new BangerError("invalid", "body_too_large", `the body of a request may have ${BODY_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw new BangerError("invalid", "invalid_json", "the body of the request is not UTF-8", { cause: error });
  }
}

/** A client that goes away in the middle of its words is no bug of ours. */
async function* untilGone(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* request as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw new BangerError("cancelled", "client_gone", "the client went away before the end of its request", { cause: error });
  }
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new BangerError("invalid", "invalid_json", "the body of the request is not JSON", { cause: error });
  }
  throw new BangerError("invalid", "invalid_json", "the body of the request is not a JSON object");
}

/** A query has only text; what is to be a number or a boolean becomes one. */
function readQuery(name: string, query: URLSearchParams, fields: readonly VerbField[]): Readonly<Record<string, unknown>> {
  if (query.size === 0) return {};
  const types = new Map(fields.map(({ name, type }) => [name, type]));
  const twice = [...new Set(query.keys())].filter((key) => types.get(key) !== "list" && query.getAll(key).length > 1);
  if (twice.length > 0) throw invalid(name, twice.map(givenTwice("it stands in the query twice")));
  return Object.fromEntries(
    [...query].map(([key, value]): [string, unknown] => {
      const type = types.get(key);
      if (type === "list") return [key, query.getAll(key)];
      if (type === "boolean" && (value === "true" || value === "false")) return [key, value === "true"];
      if (type === "integer" && /^-?\d{1,15}$/.test(value)) return [key, Number(value)];
      return [key, value];
    }),
  );
}

function givenTwice(message: string): (path: string) => Problem {
  return (path) => ({ code: "given_twice", path, message });
}

function invalid(name: string, problems: readonly Problem[]): BangerError {
  const all = problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ");
  return new BangerError("invalid", "invalid_input", `cannot take the input of ${name}: ${all}`, { problems });
}

function problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ code: "unknown_key", path: [...issue.path, key].join("."), message: "there is no such field" }));
  }
  return [{ code: issue.code, path: issue.path.join("."), message: issue.message }];
}
