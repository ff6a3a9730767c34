/**
 * What a schema has against a value, in words that follow a flag or a key: "--cpus: must be at least 1". Given to a parse as
 * its `error`, so that a schema's own messages come first. Undefined where the schema library's words have to do.
 */
import type { z } from "zod";

export function wordIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "is missing" : `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be one of ${issue.values.join(", ")}`;
    case "too_small":
      return isText(issue.origin) && Number(issue.minimum) === 1
        ? "must not be empty"
        : `must be at least ${amount(issue.minimum, issue.origin)}`;
    case "too_big":
      return `must be at most ${amount(issue.maximum, issue.origin)}`;
    case "invalid_key":
      // What the key's own schema says.
      return issue.issues[0]?.message;
    default:
      return undefined;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  int: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a group of keys",
  record: "a group of keys",
};

function amount(limit: number | bigint, origin: string): string {
  if (isText(origin)) return `${limit} characters long`;
  return origin === "array" ? `${limit} long` : String(limit);
}

function isText(origin: string): boolean {
  return origin === "string";
}
