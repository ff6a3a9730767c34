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

/** An image that can be pulled: as `entryRef`, or of a registry, a folder in the OCI layout, or a saved archive. What it means the daemon finds out. */
export const imageRef = z
  .string()
  .max(4096)
  .regex(
    /^(?:oci|docker-archive):\/(?!\/)[^\0]*$|^(?!(?:oci|docker-archive):(?!\/\/))[A-Za-z0-9[][\w./:@[\]-]*$/,
    "an image is like debian-bookworm, acme/debian, debian:bookworm, ghcr.io/acme/web:v1, oci:FOLDER or docker-archive:FILE",
  )
  .meta({ description: "A name in the catalogs, a reference of a registry, oci:FOLDER or docker-archive:FILE.", "x-kind": "image" });

export const platformName = z
  .string()
  .regex(/^(?:[a-z0-9]{1,32}\/)?[a-z0-9_]{1,32}(?:\/[a-z0-9.]{1,16})?$/, "a platform is like linux/amd64 or linux/arm64/v8");
