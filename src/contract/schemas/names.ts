/** Names and sizes as users type them. All parsing is strict; each refusal says what would be right. */
import { z } from "zod";

/** A name of a vm, an image or a kernel: as in a host name, so that it can be one. Dots are allowed for images and kernels. */
export const vmName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "a vm name has 1 to 63 of a-z, 0-9 and hyphen, and neither starts nor ends with a hyphen");

/** A name of an image or a kernel in the local store. */
export const goodsName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?$/, "a name has 1 to 128 of a-z, 0-9, dot, underscore and hyphen, and starts and ends with a letter or digit");

/** A vm by its name or its id. */
export const vmRef = z.string().min(1).max(63);

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Bytes of `512M`, `2G`, `1.5G` or a plain number of bytes; undefined when it is none of these. Powers of 1024; `GiB` and `Gi` are taken too. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15})(?:\.(\d{1,3}))?(?:([KMGT])(?:i?B|i)?)?$/.exec(text);
  if (match === null) return undefined;
  const [, whole = "", fraction, unit] = match;
  if (fraction !== undefined && unit === undefined) return undefined;
  const bytes = Math.round(Number(`${whole}.${fraction ?? "0"}`) * (unit === undefined ? 1 : (UNITS[unit] ?? 1)));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A size in an input: text as typed, bytes after parsing. */
export const size = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const bytes = parseSize(String(value));
    if (bytes === undefined || bytes === 0) {
      context.addIssue({ code: "custom", message: `${JSON.stringify(value)} is not a size; write it like 512M or 20G` });
      return z.NEVER;
    }
    return bytes;
  })
  .meta({ description: "A size such as 512M or 20G, in powers of 1024, or a number of bytes." });

/** Milliseconds of `500ms`, `90s`, `5m`, `2h`; undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text);
  if (match === null) return undefined;
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] as "ms" | "s" | "m" | "h"];
  return Number(match[1]) * factor;
}

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
  .meta({ description: "A duration such as 90s or 5m." });
