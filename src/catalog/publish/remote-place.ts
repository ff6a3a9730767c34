/**
 * A catalog at an address that takes GET and PUT, with conditions where the store has them (`If-Match`, `If-None-Match`), so that of two who
 * publish at once one is told to read again.
 */
import { createHash } from "node:crypto";
import { BangerError } from "../../contract/errors.ts";
import { DOCUMENT_MAX_BYTES, SIGNATURES_MAX_BYTES } from "../signing/document-files.ts";
import type { CatalogPlace } from "./catalog-place.ts";
import { addSignature } from "./patch-catalog.ts";
import { reasonOfReply } from "./s3-bucket.ts";
import type { Reply } from "./sender.ts";

/** An address, and what lies beside it: both are asked for by their names. */
export interface RemoteFiles {
  get(isSignature: boolean, maxBytes: number, signal: AbortSignal): Promise<Reply>;
  put(
    isSignature: boolean,
    bytes: Uint8Array,
    sha256: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Reply>;
}

/** No content has this one. */
const NO_ETAG = '"banger-is-asking"';
const DONE = [200, 201, 204];
/** A store may say 409 when two come at the same instant, and 404 when what was to match is gone. */
const CHANGED = [404, 409, 412];

/** @param onNotice told when the store puts without conditions. */
export function makeRemotePlace(shown: string, remote: RemoteFiles, onNotice: (message: string) => void): CatalogPlace {
  /** Undefined until it was asked. */
  let hasConditions: boolean | undefined;
  const get = async (isSignature: boolean, maxBytes: number, signal: AbortSignal): Promise<Reply | undefined> => {
    const reply = await remote.get(isSignature, maxBytes + 1, signal);
    if (reply.status === 404) return undefined;
    if (reply.status !== 200) throw unreadable(shown, reply);
    if (Buffer.byteLength(reply.text) > maxBytes)
      throw new BangerError(
        "refused",
        "longer_than_allowed",
        `cannot change ${shown}: it has more than the ${maxBytes} bytes such a file may have`,
      );
    return reply;
  };
  const put = async (
    isSignature: boolean,
    content: Uint8Array,
    condition: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<boolean> => {
    const sha256 = createHash("sha256").update(content).digest("hex");
    const kind = isSignature ? "text/plain" : "application/json";
    const base = { "content-type": kind, "cache-control": "no-cache" };
    const reply = await remote.put(isSignature, content, sha256, { ...base, ...(hasConditions === false ? {} : condition) }, signal);
    if (DONE.includes(reply.status)) return true;
    if (Object.keys(condition).length > 0 && CHANGED.includes(reply.status)) return false;
    throw new BangerError(
      reply.status === 401 || reply.status === 403 ? "refused" : "unavailable",
      reply.status === 401 || reply.status === 403 ? "store_denied" : "store_failed",
      `cannot change ${shown}: the store answered ${reasonOfReply(reply)}`,
      { hint: "look after the credentials and the address, and try again: what was uploaded stays" },
    );
  };
  return {
    shown,
    paths: [],
    read: async (signal) => {
      // Readers ask in this order.
      const document = await get(false, DOCUMENT_MAX_BYTES, signal);
      const signatures = await get(true, SIGNATURES_MAX_BYTES, signal);
      return {
        bytes: document === undefined ? undefined : Buffer.from(document.text),
        signatures: signatures?.text,
        etag: document === undefined ? undefined : strongEtag(document),
        signaturesEtag: signatures === undefined ? undefined : strongEtag(signatures),
      };
    },
    write: async (before, after, key, signal) => {
      const signatures = Buffer.from(addSignature(before.signatures, after.signature, before.bytes, key));
      if (hasConditions === undefined && before.signaturesEtag !== undefined) {
        // Asked by what is to be put anyway: a store that does not heed the condition has then done it.
        hasConditions = !(await put(true, signatures, { "if-match": NO_ETAG }, signal));
        if (!hasConditions)
          onNotice(`${shown}: the store puts without conditions: of two who publish at once one may lose an entry, so one at a time`);
      }
      if (!(await put(true, signatures, conditionOf(before.signatures, before.signaturesEtag), signal))) return false;
      return put(false, after.bytes, conditionOf(before.bytes, before.etag), signal);
    },
    exclusively: (body) => body(),
  };
}

/** That it is what was read; that it is not there where nothing was; nothing where the store does not say what it has. */
function conditionOf(content: string | Uint8Array | undefined, etag: string | undefined): Readonly<Record<string, string>> {
  if (content === undefined) return { "if-none-match": "*" };
  return etag === undefined ? {} : { "if-match": etag };
}

/** A weak one says no more than that it is about the same. */
function strongEtag({ headers }: Reply): string | undefined {
  const etag = headers.get("etag");
  return etag !== null && /^"[!#-~]{1,200}"$/.test(etag) ? etag : undefined;
}

function unreadable(shown: string, reply: Reply): BangerError {
  return new BangerError("refused", "catalog_unreadable", `cannot read ${shown}: the store answered ${reasonOfReply(reply)}`, {
    hint: "who changes a catalog has to read it: let these credentials get this one object. A store may say so of one that is not there, too",
  });
}
