import { z } from "zod";
import { PUBLIC_KEY_LINE } from "../public-key-line.ts";

/** The name of a catalog: before the slash in `acme/generic-6.12`. */
export const catalogName = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    "the name of a catalog has 1 to 63 of a-z, 0-9 and hyphen, and starts and ends with a letter or digit",
  );

/** A public key of minisign, the one line. What is in it the daemon looks at. */
export const publicKeyLine = z.string().regex(PUBLIC_KEY_LINE, "is no public key of minisign: a line of 56 characters that begins with RW");

/** What can be pulled: the name of an entry, or with its catalog and a slash before it. */
export const entryRef = z
  .string()
  .regex(
    /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\/)?[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?$/,
    "a name of an entry is like generic-6.12, or acme/generic-6.12 for that of one catalog",
  );
