/** Names and sizes as users type them. All parsing is strict; each refusal says what would be right. */
import { z } from "zod";
import { parseDuration, parseSize } from "../sizes.ts";

/** A name of a vm: as in a host name, so that it can be one. */
export const vmName = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    "a vm name has 1 to 63 of a-z, 0-9 and hyphen, and neither starts nor ends with a hyphen",
  )
  // A vm is asked for by either: a name that is another's id would be that one, or hide it.
  .refine((name) => !/^[0-9a-f]{12}$/.test(name), "a vm name is not 12 hex digits, as an id is");

/** A name of an image or a kernel in the local store. */
export const goodsName = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?$/,
    "a name has 1 to 128 of a-z, 0-9, dot, underscore and hyphen, and starts and ends with a letter or digit",
  );

/** A driver; which ones there are, the config says. */
export const driverName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "a driver is called by a word such as qemu");

/** A vm by its name or its id. */
export const vmRef = z.string().min(1).max(63);

/** A size in an input: text as typed, bytes after parsing. */
export const size = z
  .union([z.string(), z.number()], "must be a size such as 512M or 20G")
  .transform((value, context) => {
    const bytes = parseSize(String(value));
    if (bytes === undefined || bytes === 0) {
      context.addIssue({ code: "custom", message: `${JSON.stringify(value)} is not a size; write it like 512M or 20G` });
      return z.NEVER;
    }
    return bytes;
  })
  .meta({ description: "A size such as 512M or 20G, in powers of 1024, or a number of bytes.", "x-kind": "size" });

/** A duration in an input: text as typed, milliseconds after parsing. */
export const duration = z
  .string()
  .transform((value, context) => {
    const ms = parseDuration(value);
    if (ms === undefined) {
      context.addIssue({ code: "custom", message: `${JSON.stringify(value)} is not a duration; write it like 90s or 5m` });
      return z.NEVER;
    }
    return ms;
  })
  .meta({ description: "A duration such as 90s or 5m.", "x-kind": "duration" });

/** A folder on the host. The command line makes what was typed absolute. */
export const hostFolder = z
  .string()
  .max(4095)
  .regex(/^\/[^\0]*$/, "a folder on the host is an absolute path")
  .meta({ description: "An absolute path of a folder on the host.", "x-kind": "path" });

/** A file on the host. The command line makes what was typed absolute. */
export const hostFile = z
  .string()
  .max(4095)
  .regex(/^\/[^\0]*$/, "a file on the host is an absolute path")
  .meta({ description: "An absolute path of a file on the host.", "x-kind": "path" });

/** A file, a folder or a pipe on the host. The command line makes what was typed absolute, and of `-` a path that leads to its stdin. */
export const hostInput = z
  .string()
  .max(4095)
  .regex(/^\/[^\0]*$/, "what is read on the host is named by an absolute path")
  .meta({ description: "An absolute path of a file, a folder or a pipe on the host.", "x-kind": "input" });

/** Where the source of a kernel comes from: by a word, or a path of the host, which the command line makes absolute. */
export const kernelSource = z
  .string()
  .max(4095)
  .regex(/^(?:kernel\.org|apt|\/[^\0]*)$/, "a source is kernel.org, apt, or the absolute path of a folder or a tarball")
  .meta({ description: "kernel.org, apt, or the absolute path of a folder or a tarball.", "x-kind": "source" });

/** A release of Linux, such as 6.12.117. */
export const kernelVersion = z
  .string()
  .regex(/^[3-9]\.\d{1,3}(?:\.\d{1,4})?$|^\d{2}\.\d{1,3}(?:\.\d{1,4})?$/, "a version of Linux is like 6.12.117");

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, {
  error: ({ input }) =>
    `${JSON.stringify(input)} is no name of an environment variable: it has letters, digits and underscore, and does not start with a digit`,
});

const variableValue = z
  .string()
  .max(32_768)
  .regex(/^[^\0]*$/, "the value of an environment variable holds no NUL");

/** Environment variables. A name as a shell takes it; no NUL in a value. */
export const environment = z.record(variableName, variableValue).meta({ "x-kind": "environment" });

/** Environment variables to set, and by null to take away. */
export const environmentChanges = z.record(variableName, variableValue.nullable()).meta({ "x-kind": "changes" });

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");

/** Of a kernel or an image: `debian`. */
export const distroName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "is no name of a distribution: a-z, 0-9, dot, underscore and hyphen, such as debian");

/** As `uname -r` says. */
export const kernelRelease = z.string().regex(/^[A-Za-z0-9][\w.+~-]{0,63}$/, "is no version of a kernel");
