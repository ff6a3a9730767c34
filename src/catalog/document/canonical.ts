/**
 * JSON that is signed has one form: keys in the schema's order, two spaces, a newline at the end. What is not in it is refused, so that
 * no two readers can take one signed text for two things: a key that appears twice, a number in another notation, an escape.
 */
import type { z } from "zod";
import { problemsOf, wordProblem } from "../../contract/problems-of.ts";
import { wordIssue } from "../../contract/word-issue.ts";

/** Throws `Error` in words. @param bytes at most a few MiB. */
export function parseCanonical<T extends z.ZodType>(bytes: Uint8Array, schema: T): z.output<T> {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const parsed = schema.safeParse(JSON.parse(text), { error: wordIssue });
  if (!parsed.success) throw new Error(parsed.error.issues.slice(0, 5).flatMap(problemsOf).map(wordProblem).join("; "));
  const value = parsed.data;
  if (formatCanonical(value) !== text) throw new Error("it is not in the form that is signed: banger catalog sign writes it so");
  return value;
}

/** @param value what a schema gave: its keys are in order. */
export function formatCanonical(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
