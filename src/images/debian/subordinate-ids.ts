/** The ranges of user and group ids that an ordinary user may map: `/etc/subuid` and `/etc/subgid`. Pure. */

export interface IdRange {
  readonly start: number;
  readonly count: number;
}

/** An image has ids up to 65534. */
const IDS_NEEDED = 65_536;
/** Where distributions begin to hand them out. */
const FIRST_FREE = 100_000;

/** The name of a user id, by the text of `/etc/passwd`. */
export function findUserName(passwd: string, uid: number): string | undefined {
  return passwd
    .split("\n")
    .map((line) => line.split(":"))
    .find((fields) => fields[2] === String(uid))?.[0];
}

/** The first range of a user: mmdebstrap reads no other. */
export function findRange(table: string, user: string): IdRange | undefined {
  return parseRanges(table).find((range) => range.user === user);
}

/** Whether a whole image fits into a range. */
export function isLargeEnough(range: IdRange | undefined): boolean {
  return range !== undefined && range.count >= IDS_NEEDED;
}

/** A range that nobody has in either table, as usermod wants it: `165536-231071`. */
export function freeRange(tables: readonly string[]): string {
  const start = Math.max(FIRST_FREE, ...tables.flatMap(parseRanges).map((range) => range.start + range.count));
  return `${start}-${start + IDS_NEEDED - 1}`;
}

function parseRanges(table: string): readonly (IdRange & { readonly user: string })[] {
  return table.split("\n").flatMap((line) => {
    const match = /^([^:#]+):(\d+):(\d+)$/.exec(line.trim());
    return match === null ? [] : [{ user: match[1] ?? "", start: Number(match[2]), count: Number(match[3]) }];
  });
}
