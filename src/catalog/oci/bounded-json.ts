/** JSON of strangers: what is read of it is bounded before anything looks into it. */
import { z } from "zod";
import { BangerError } from "../../contract/errors.ts";

/** Plain fields alone, in an object. */
export function parseJsonObject(bytes: Uint8Array, what: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    // Nesting without end comes out here, too.
    throw unusable(what, "it is not JSON", error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unusable(what, "it is no object of JSON");
  return value as Readonly<Record<string, unknown>>;
}

/** Throws `refused` `bad_oci_document` with the first thing that is wrong. */
export function parseBy<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join(".").slice(0, 100) ?? "";
  throw unusable(what, `${path === "" ? "" : `${path}: `}${issue?.message ?? "it is not valid"}`, parsed.error);
}

/** A list, or none, that has at most so many; nothing of a longer one is looked at. */
export function boundedList(value: unknown, most: number, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw unusable(what, "a list in it is none");
  if (value.length > most) throw unusable(what, `it has a list of ${value.length}, and ${most} are the most`);
  return value as readonly unknown[];
}

/** The keys and values of an object, or of none. */
export function boundedEntries(value: unknown, most: number, what: string): readonly (readonly [string, unknown])[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== "object" || Array.isArray(value)) throw unusable(what, "a group of keys in it is none");
  const entries = Object.entries(value);
  boundedList(entries, most, what);
  return entries;
}

/** @param what `the manifest of docker.io/library/debian:bookworm`. */
export function unusable(what: string, why: string, cause?: unknown): BangerError {
  return new BangerError("refused", "bad_oci_document", `cannot use ${what}: ${why}`, {
    hint: "ask whoever made that image",
    ...(cause === undefined ? {} : { cause }),
  });
}
