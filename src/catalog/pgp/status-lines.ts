/** The status lines of gpg and gpgv, as far as both are read alike: which there are, and what a VALIDSIG says. Pure. */

export type StatusLine = readonly [keyword: string, ...fields: string[]];

/** What VALIDSIG vouches for. */
export interface ValidSignature {
  /** Fingerprints, 40 upper-case hex digits: of the key or subkey that signed, and of the primary key. */
  readonly signer: string | undefined;
  readonly primary: string | undefined;
  /** The hash still stands. */
  readonly hasSoundHash: boolean;
  /** `00` of a file, `01` of a text. */
  readonly class: string | undefined;
  /** It was made at a time that is yet to come. gpg does not mind, sqv does. */
  readonly isFromFuture: boolean;
}

const PREFIX = "[GNUPG:] ";
/** OpenPGP numbers of MD5, SHA-1 and RIPEMD-160. */
const WEAK_HASHES = ["1", "2", "3"];
/** Clocks differ. */
const FUTURE_TOLERANCE_SECONDS = 60 * 60;
/** Words of the line, in GnuPG's doc/DETAILS. */
const PLACES = { signer: 1, madeAt: 3, hash: 8, class: 9, primary: 10 };

/** What is no status line is left out. */
export function statusLinesOf(text: string): readonly StatusLine[] {
  return text.split("\n").flatMap((line): readonly StatusLine[] => {
    if (!line.startsWith(PREFIX)) return [];
    const [keyword = "", ...fields] = line.slice(PREFIX.length).split(" ");
    return [[keyword, ...fields]];
  });
}

/** @param line a VALIDSIG. @param nowMs since 1970. */
export function readValidSignature(line: StatusLine, nowMs: number): ValidSignature {
  return {
    signer: line[PLACES.signer],
    primary: line[PLACES.primary],
    hasSoundHash: !WEAK_HASHES.includes(line[PLACES.hash] ?? "1"),
    class: line[PLACES.class],
    // A time that is no number of seconds, as it may be after 2038, is not before now.
    isFromFuture: !(Number(line[PLACES.madeAt]) <= nowMs / 1000 + FUTURE_TOLERANCE_SECONDS),
  };
}
