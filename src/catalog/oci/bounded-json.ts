/** JSON of strangers: what is read of it is bounded before anything looks into it. */
import type { z } from "zod";
import { BangerError } from "../../contract/errors.ts";

const MAX_DEPTH = 32;
/** Lists and groups; each takes many times the memory of its two characters. */
const MAX_GROUPS = 50_000;
const MAX_VALUES = 200_000;
const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_GROUP, CLOSE_GROUP] = [...Buffer.from('"\\,[]{}')];

/** Plain fields alone, in an object. */
export function parseJsonObject(bytes: Uint8Array, what: string): Readonly<Record<string, unknown>> {
  if (!isModest(bytes)) throw unusable(what, "it has more lists and groups than any image needs");
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw unusable(what, "it is not JSON", error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unusable(what, "it is no object of JSON");
  return value as Readonly<Record<string, unknown>>;
}

/** Whether parsing takes little: four megabytes of brackets would take hundreds of them. What is no JSON is found out by whoever parses. */
function isModest(bytes: Uint8Array): boolean {
  let [depth, groups, values, isText] = [0, 0, 0, false];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isText) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === COMMA) values++;
    else if (byte === OPEN_LIST || byte === OPEN_GROUP) {
      groups++;
      if (++depth > MAX_DEPTH) return false;
    } else if (byte === CLOSE_LIST || byte === CLOSE_GROUP) depth--;
  }
  return groups <= MAX_GROUPS && values <= MAX_VALUES;
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
