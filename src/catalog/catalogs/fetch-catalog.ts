/**
 * What a catalog says now: `keys.json` where there is one, then `catalog.json`, each with its signature, and what is believed afterwards.
 * Nothing is kept here: either all of it was accepted, or it throws and everything stays as it was.
 */
import { BangerError } from "../../contract/errors.ts";
import type { Fetcher } from "../fetch/fetcher.ts";
import type { CatalogDocument } from "../document/catalog-document.ts";
import { DOCUMENT_MAX_BYTES, SIGNATURES_MAX_BYTES, signaturePathOf } from "../signing/document-files.ts";
import { splitSignatures } from "../signing/signature-file.ts";
import { acceptCatalog, acceptKeys, acceptKeysOnTheWay, type SignedBytes, type Trust } from "../trust/trust.ts";

const KEYS_MAX_BYTES = 64 * 2 ** 10;
/** Roots do not change every day; whoever was away for longer adds the catalog anew. */
const MOST_STEPS = 64;

export interface Fetched {
  readonly trust: Trust;
  readonly document: CatalogDocument;
}

/** @param url of `catalog.json`. Throws what the transport throws, and `refused` for what is not believed. */
export async function fetchCatalog(fetcher: Fetcher, url: string, trust: Trust, nowMs: number, signal: AbortSignal): Promise<Fetched> {
  const get = (name: string, maxBytes: number): Promise<SignedBytes | undefined> =>
    fetchSigned(fetcher, beside(url, name), maxBytes, trust, signal);
  const withKeys = await followKeys(trust, (name) => get(name, KEYS_MAX_BYTES), nowMs);
  let answered: unknown;
  const signed = await fetchSigned(fetcher, url, DOCUMENT_MAX_BYTES, trust, signal, (status) => (answered = status));
  if (signed === undefined) throw missing(trust, url, answered);
  return acceptCatalog(withKeys, signed, nowMs);
}

/** The keys of now, by way of those in between when the roots were replaced more than once. */
async function followKeys(trust: Trust, get: (name: string) => Promise<SignedBytes | undefined>, nowMs: number): Promise<Trust> {
  const latest = await get("keys.json");
  if (latest === undefined) {
    if (trust.keys === undefined) return trust;
    throw new BangerError(
      "refused",
      "catalog_keys_missing",
      `cannot use the catalog ${trust.name}: it had a keys.json, and now there is none`,
      {
        hint: "ask whoever keeps the catalog: without it the keys that were taken out of use would be good again",
      },
    );
  }
  try {
    return acceptKeys(trust, latest, nowMs);
  } catch (error) {
    if (!(error instanceof BangerError) || error.code !== "catalog_badly_signed") throw error;
    const stepped = await stepThrough(trust, get, nowMs);
    if (stepped === trust) throw error;
    return acceptKeys(stepped, latest, nowMs);
  }
}

async function stepThrough(trust: Trust, get: (name: string) => Promise<SignedBytes | undefined>, nowMs: number): Promise<Trust> {
  let at = trust;
  for (let steps = 0; steps < MOST_STEPS; steps += 1) {
    const next = await get(`keys-${(at.keys?.version ?? 0) + 1}.json`);
    if (next === undefined) return at;
    at = acceptKeysOnTheWay(at, next, nowMs);
  }
  return at;
}

/** Undefined when there is no such document; one without a signature has none. */
async function fetchSigned(
  fetcher: Fetcher,
  url: string,
  maxBytes: number,
  trust: Trust,
  signal: AbortSignal,
  onNone: (status: unknown) => void = () => undefined,
): Promise<SignedBytes | undefined> {
  const bytes = await orNothing(fetcher.small(url, maxBytes, signal), onNone);
  if (bytes === undefined) return undefined;
  const text = await orNothing(fetcher.small(signaturePathOf(url), SIGNATURES_MAX_BYTES, signal));
  if (text === undefined) return { bytes, signatures: [] };
  try {
    return { bytes, signatures: splitSignatures(new TextDecoder("utf-8", { fatal: true }).decode(text)) };
  } catch (error) {
    throw new BangerError(
      "refused",
      "catalog_badly_signed",
      `cannot use the catalog ${trust.name}: ${signaturePathOf(url)} is no signature: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** @param onNone told what a server answered, 404 mostly. */
async function orNothing(
  fetching: Promise<Uint8Array>,
  onNone: (status: unknown) => void = () => undefined,
): Promise<Uint8Array | undefined> {
  try {
    return await fetching;
  } catch (error) {
    if (error instanceof BangerError && error.code === "mirror_lacks_file") {
      onNone(error.data?.["status"]);
      return undefined;
    }
    throw error;
  }
}

function beside(url: string, name: string): string {
  return new URL(name, url).href;
}

/** @param answered the status of a server. One that wants a login has the catalog, and not for everybody. */
function missing(trust: Trust, url: string, answered: unknown): BangerError {
  const why =
    typeof answered === "number" && answered !== 404 ? `${url} is not given to us: the server answered ${answered}` : `there is no ${url}`;
  return new BangerError("unavailable", "catalog_missing", `cannot use the catalog ${trust.name}: ${why}`, {
    hint: "look whether that is its address, and whether everybody may read it",
  });
}
