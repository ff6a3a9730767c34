/**
 * What is believed of a catalog, and what it takes to change that. Pure: documents, signatures and an instant go in, and what is to be
 * remembered comes out, or a refusal.
 *
 * Whoever adds a catalog gives the keys that they were told of. Either these sign `catalog.json` themselves; or they sign `keys.json`, which
 * names other keys for that, and may hand over to other roots. What was once believed stands in `Trust`, and only rises:
 *
 * - an older document than one that was seen is refused (rollback), and so is another one of the same version;
 * - one that has expired is refused (freeze), and a clock that is behind what signatures have said is not believed (clock back);
 * - `keys.json`, once seen, is needed for ever: whoever leaves it out does not get the old keys back;
 * - where a key was taken out of use, versions that it may have signed count no more (fast-forward): the next one may begin low.
 */
import { createHash } from "node:crypto";
import type { z } from "zod";
import { BangerError } from "../../contract/errors.ts";
import { catalogDocument, type CatalogDocument } from "../document/catalog-document.ts";
import { parseCanonical } from "../document/canonical.ts";
import { keysDocument } from "../document/keys-document.ts";
import { isSignedBy, parsePublicKey, parseSignature, type Signature } from "../signing/minisign.ts";

/** What is remembered of a catalog between two looks at it. */
export interface Trust {
  /** The catalog's own name. */
  readonly name: string;
  readonly roots: readonly string[];
  readonly threshold: number;
  /** Undefined until a `keys.json` was seen: the roots sign the catalog then. */
  readonly keys:
    | { readonly version: number; readonly sha256: string; readonly expiresMs: number; readonly releases: readonly string[] }
    | undefined;
  /** The newest `catalog.json` that was accepted. */
  readonly catalog: { readonly version: number; readonly sha256: string; readonly expiresMs: number } | undefined;
  /** It is at least so late: the newest instant that an accepted signature vouches for. */
  readonly notBeforeMs: number;
}

/** A document with what was found beside it. */
export interface SignedBytes {
  readonly bytes: Uint8Array;
  /** Texts of signatures; four lines each. */
  readonly signatures: readonly string[];
}

/** Clocks differ; that much is nobody's attack. */
const CLOCK_SLACK_MS = 24 * 60 * 60_000;

/** Before anything was seen. */
export function firstTrust(name: string, roots: readonly string[]): Trust {
  return { name, roots, threshold: 1, keys: undefined, catalog: undefined, notBeforeMs: 0 };
}

/** `keys.json`. Throws `refused`. The same one again changes nothing. */
export function acceptKeys(trust: Trust, signed: SignedBytes, nowMs: number): Trust {
  return takeKeys(trust, signed, nowMs, true);
}

/** One between those that were seen and those of now: it may have expired since. */
export function acceptKeysOnTheWay(trust: Trust, signed: SignedBytes, nowMs: number): Trust {
  return takeKeys(trust, signed, nowMs, false);
}

function takeKeys(trust: Trust, signed: SignedBytes, nowMs: number, isLast: boolean): Trust {
  const document = verified(trust, "keys.json", signed, trust.roots, trust.threshold, keysDocument);
  // New roots show that they have their keys: otherwise a slip of the hand would lock everybody out.
  requireSigned(trust, "keys.json", signed, document.roots, document.threshold);
  checkName(trust, "keys.json", document.name);
  const sha256 = digestHex(signed.bytes);
  checkVersion(trust, "keys.json", { version: document.version, sha256 }, trust.keys);
  const notBeforeMs = checkTimes(trust, "keys.json", document, nowMs, isLast);
  if (trust.keys?.sha256 === sha256) return { ...trust, notBeforeMs };
  const isRetired = signersOf(trust).some((key) => !document.releases.includes(key));
  return {
    ...trust,
    roots: document.roots,
    threshold: document.threshold,
    keys: { version: document.version, sha256, expiresMs: Date.parse(document.expires), releases: document.releases },
    catalog: isRetired ? undefined : trust.catalog,
    notBeforeMs,
  };
}

/** `catalog.json`. Throws `refused`. */
export function acceptCatalog(
  trust: Trust,
  signed: SignedBytes,
  nowMs: number,
): { readonly trust: Trust; readonly document: CatalogDocument } {
  if (trust.keys !== undefined) requireInDate(trust, "keys.json", trust.keys.expiresMs, nowMs);
  const document = verified(trust, "catalog.json", signed, signersOf(trust), 1, catalogDocument);
  checkName(trust, "catalog.json", document.name);
  const sha256 = digestHex(signed.bytes);
  checkVersion(trust, "catalog.json", { version: document.version, sha256 }, trust.catalog);
  const notBeforeMs = checkTimes(trust, "catalog.json", document, nowMs, true);
  return {
    document,
    trust: { ...trust, catalog: { version: document.version, sha256, expiresMs: Date.parse(document.expires) }, notBeforeMs },
  };
}

/** What was accepted before is still to be used. Throws `refused` `catalog_expired`, `clock_behind`. */
export function requireUsable(trust: Trust, nowMs: number): void {
  checkClock(trust, "catalog.json", trust.notBeforeMs, nowMs);
  if (trust.keys !== undefined) requireInDate(trust, "keys.json", trust.keys.expiresMs, nowMs);
  if (trust.catalog !== undefined) requireInDate(trust, "catalog.json", trust.catalog.expiresMs, nowMs);
}

function digestHex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Keys of which any may sign `catalog.json`. */
export function signersOf({ keys, roots }: Trust): readonly string[] {
  return keys?.releases ?? roots;
}

/** Nothing but the signature's check sees the bytes before it was good. */
function verified<T extends z.ZodType>(
  trust: Trust,
  what: string,
  signed: SignedBytes,
  keys: readonly string[],
  threshold: number,
  schema: T,
): z.output<T> {
  requireSigned(trust, what, signed, keys, threshold);
  try {
    return parseCanonical(signed.bytes, schema);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw refused(trust, what, "catalog_not_understood", `its ${what} is well signed and not understood: ${why}`, undefined, error);
  }
}

function requireSigned(trust: Trust, what: string, signed: SignedBytes, keys: readonly string[], threshold: number): void {
  const signatures = signed.signatures.map((text) => readSignature(trust, what, text));
  const good = keys.filter((text) => {
    const key = parsePublicKey(text);
    return signatures.some((signature) => isSignedBy(signed.bytes, signature, key));
  });
  if (good.length >= threshold) return;
  const wanted = keys.map((text) => parsePublicKey(text).id);
  const found = [...new Set(signatures.map(({ keyId }) => keyId))];
  const isKnown = found.some((id) => wanted.includes(id));
  throw refused(
    trust,
    what,
    "catalog_badly_signed",
    signatures.length === 0
      ? `its ${what} is not signed`
      : isKnown
        ? `the signature of its ${what} is not good, or too few of them are: ${good.length} of ${threshold} that are needed`
        : `its ${what} is signed by ${found.join(", ")}, and ${wanted.join(" or ")} would be believed`,
    isKnown
      ? "try again later; if it stays so, ask whoever keeps the catalog"
      : "ask whoever keeps the catalog for its key, then banger catalog remove and add it",
  );
}

function readSignature(trust: Trust, what: string, text: string): Signature {
  try {
    return parseSignature(text);
  } catch (error) {
    throw refused(
      trust,
      what,
      "catalog_badly_signed",
      `the signature of its ${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      undefined,
      error,
    );
  }
}

function checkName(trust: Trust, what: string, name: string): void {
  if (name === trust.name) return;
  throw refused(
    trust,
    what,
    "other_catalog",
    `its ${what} is of a catalog that calls itself ${name}`,
    `banger catalog add ${name} ADDRESS, if that is the one`,
  );
}

interface Version {
  readonly version: number;
  readonly sha256: string;
}

function checkVersion(trust: Trust, what: string, found: Version, seen: Version | undefined): void {
  if (seen === undefined || found.version > seen.version || found.sha256 === seen.sha256) return;
  const why =
    found.version === seen.version
      ? `there are two ${what} of version ${seen.version}`
      : `its ${what} is version ${found.version}, and version ${seen.version} was seen before`;
  throw refused(trust, what, "catalog_older", why, "try again later: a mirror may be behind");
}

/** The new lower bound of the time. */
function checkTimes(
  trust: Trust,
  what: string,
  { issued, expires }: { readonly issued: string; readonly expires: string },
  nowMs: number,
  mustBeInDate: boolean,
): number {
  const issuedMs = Date.parse(issued);
  const notBeforeMs = Math.max(trust.notBeforeMs, issuedMs);
  checkClock(trust, what, notBeforeMs, nowMs);
  if (mustBeInDate) requireInDate(trust, what, Date.parse(expires), nowMs);
  return notBeforeMs;
}

function checkClock(trust: Trust, what: string, notBeforeMs: number, nowMs: number): void {
  if (nowMs >= notBeforeMs - CLOCK_SLACK_MS) return;
  const [now, signed] = [nowMs, notBeforeMs].map((ms) => new Date(ms).toISOString());
  throw refused(
    trust,
    what,
    "clock_behind",
    `the clock of this computer says ${now}, and it was signed at ${signed}`,
    "date, then set the clock right",
  );
}

function requireInDate(trust: Trust, what: string, expiresMs: number, nowMs: number): void {
  if (nowMs < expiresMs) return;
  throw refused(
    trust,
    what,
    "catalog_expired",
    `its ${what} expired at ${new Date(expiresMs).toISOString()}`,
    `banger catalog update ${trust.name}; if it stays so, whoever keeps it has to sign it anew (and date shows whether this clock is right)`,
  );
}

function refused(trust: Trust, what: string, code: string, why: string, hint?: string, cause?: unknown): BangerError {
  return new BangerError("refused", code, `cannot use the catalog ${trust.name}: ${why}`, {
    data: { catalog: trust.name, document: what },
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}
