import type { z } from "zod";
import type { Problem } from "./errors.ts";

/** What a schema has against one place of a value; each key that is unknown is a problem of its own. */
export function problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
  if (issue.code !== "unrecognized_keys") return [{ code: issue.code, path: issue.path.join("."), message: issue.message }];
  return issue.keys.map((key) => ({ code: "unknown_key", path: [...issue.path, key].join("."), message: "there is no such key" }));
}

/** `entries.0.url: must be ...` */
export function wordProblem({ path, message }: Problem): string {
  return path === "" ? message : `${path}: ${message}`;
}
