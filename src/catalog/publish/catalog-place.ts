/** Where a catalog lies that is to be changed. */
import type { PatchedCatalog } from "./patch-catalog.ts";
import type { SigningKey } from "../signing/signing-key.ts";

export interface CatalogPlace {
  /** As it is shown. */
  readonly shown: string;
  /** What is on this computer, and so to be committed by whoever publishes. */
  readonly paths: readonly string[];
  read(signal: AbortSignal): Promise<ReadCatalog>;
  /**
   * Puts the new version in the place of what was read. False, and the document is as it was, when somebody else has changed it since.
   *
   * The signature is put first, beside those that are there, and then the document: so at each moment, and wherever the process is killed,
   * what readers find of both is signed.
   */
  write(before: ReadCatalog, after: PatchedCatalog, key: SigningKey, signal: AbortSignal): Promise<boolean>;
  /** Runs `body` while nobody else who could be kept off changes it. */
  exclusively<T>(body: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export interface ReadCatalog {
  /** Undefined when there is none. */
  readonly bytes: Uint8Array | undefined;
  /** The text beside it; undefined when there is none. Who was killed may have left it alone there. */
  readonly signatures: string | undefined;
  /** What the store knows these very contents by; undefined where it does not say. */
  readonly etag?: string | undefined;
  readonly signaturesEtag?: string | undefined;
}
