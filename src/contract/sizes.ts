/** Sizes and durations as people type them. No schema here, so that the command line can check them at once. */

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

/** `512 MiB`, `100 KiB`, `1536 MiB`: exact, in the largest unit of which it is a whole number. */
export function exactSize(bytes: number): string {
  const [unit, factor] = Object.entries(UNITS).findLast(([, of]) => bytes >= of && bytes % of === 0) ?? [undefined, 1];
  return unit === undefined ? `${bytes} ${bytes === 1 ? "byte" : "bytes"}` : `${bytes / factor} ${unit}iB`;
}

/** Milliseconds of `500ms`, `90s`, `5m`, `2h`, `30d`; undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (match === null) return undefined;
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as "ms" | "s" | "m" | "h" | "d"];
  return Number(match[1]) * factor;
}
