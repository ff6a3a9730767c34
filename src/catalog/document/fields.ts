/** What the documents of a catalog are made of. */
import { z } from "zod";
import { parsePublicKey } from "../signing/minisign.ts";

/** Rises with every change of a document. */
export const documentVersion = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** An instant in UTC to the second: `2027-01-31T00:00:00Z`. */
export const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, "an instant is written like 2027-01-31T00:00:00Z")
  .refine((text) => {
    const ms = Date.parse(text);
    return !Number.isNaN(ms) && formatInstant(ms) === text;
  }, "there is no such instant");

/** @param ms since 1970. */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** A public key of minisign, the one line. */
export const publicKey = z
  .string()
  .max(100)
  .refine((text) => {
    try {
      return parsePublicKey(text).text === text;
    } catch {
      return false;
    }
  }, "is no public key of minisign: a line of 56 characters that begins with RW");

/** One line for people. */
export const line = z
  .string()
  .max(200)
  .regex(/^[^\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]*$/u, "must be one line without control characters");

const SUITE = /^[a-z][a-z0-9-]{0,62}$/;
const PACKAGE = /^[a-z0-9][a-z0-9+.-]{1,126}$/;
export const suite = z.string().regex(SUITE, "is no name of a suite");
export const packageName = z.string().regex(PACKAGE, "is no name of a package");
