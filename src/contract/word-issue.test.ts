import { expect, test } from "bun:test";
import { z } from "zod";
import { wordIssue } from "./word-issue.ts";

const messageOf = (schema: z.ZodType, value: unknown): string | undefined =>
  schema.safeParse(value, { error: wordIssue }).error?.issues[0]?.message;

test.each([
  [z.int().min(1), 0, "must be at least 1"],
  [z.int().max(256), 300, "must be at most 256"],
  [z.int(), 1.5, "must be a whole number"],
  [z.int(), "x", "must be a number"],
  [z.string(), undefined, "is missing"],
  [z.string(), 1, "must be text"],
  [z.string().min(1), "", "must not be empty"],
  [z.string().max(3), "four", "must be at most 3 characters long"],
  [z.boolean(), "yes", "must be true or false"],
  [z.array(z.string()).min(2), [], "must be at least 2 long"],
  [z.enum(["auto", "agent"]), "x", "must be one of auto, agent"],
  [z.record(z.string().regex(/^a$/, "is called a"), z.string()), { b: "" }, "is called a"],
  [z.strictObject({}), 1, "must be a group of keys"],
])("%p of %p", (schema, value, message) => {
  expect(messageOf(schema, value)).toBe(message);
});

test("a schema's own words come first", () => {
  expect(messageOf(z.string().regex(/^a$/, "is a, and nothing else"), "b")).toBe("is a, and nothing else");
});
