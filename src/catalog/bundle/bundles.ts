/** What the room's front door says of bundles. */
import type { OperationContext } from "../../operations/operations.ts";
import type { Run } from "../../system/system.ts";
import type { FetchOptions } from "../catalog.ts";
import type { DocumentEntry } from "../document/catalog-document.ts";

/** Bundles: what a catalog's entry names by address, size and digest. */
export interface Bundles {
  /** The path of a bundle in the download cache; what it throws is what fetching throws. */
  fetch(wanted: BundleAddress, options: FetchOptions): Promise<string>;
  /**
   * Unpacks a bundle into an empty folder: `manifest.json`, whose text it returns, and of the other files those that are allowed.
   * It is hashed as it is read: one that was exchanged since it was fetched is refused, and so is everything that is not on the list.
   * Throws `refused` `digest_mismatch`, `unpacked_too_large`, `invalid` `damaged_bundle`.
   */
  unpack(path: string, sha256: string, folder: string, allowed: readonly AllowedFile[], signal: AbortSignal): Promise<UnpackedBundle>;
  /** Throws `not_found` `folder_not_found`. */
  requireFolder(folder: string): Promise<void>;
  /**
   * Writes a bundle into a folder, by the name of its content: the same content makes the same bytes, and one that is there already stays.
   * Stage: `pack`. Throws `exists` `file_exists`, `refused` `folder_unusable`, `bundle_too_dense`, `not_found` `folder_not_found`, `unavailable` `disk_full`.
   */
  pack(wanted: BundleToPack, folder: string, context: PackContext): Promise<PackedBundle>;
  /** Removes what daemons that died left half written in others' folders. */
  reconcile(): Promise<void>;
}

export type BundleAddress = NonNullable<DocumentEntry["bundle"]>;
export type BundleDigest = Omit<BundleAddress, "url">;

export interface AllowedFile {
  readonly name: string;
  readonly maxBytes: number;
}

/** A file that goes into a bundle. */
export interface BundleFile {
  readonly name: string;
  readonly path: string;
  /** The pieces of the file at `path` that it consists of, one after the other; all of it when undefined. */
  readonly runs?: readonly Run[];
}

export interface BundleToPack {
  /** For messages: `kernel generic-6.12`. */
  readonly what: string;
  readonly name: string;
  readonly arch: string;
  /** The text of `manifest.json`. */
  readonly manifest: string;
  readonly files: readonly BundleFile[];
  /** How hard it is compressed, as zstd counts; 19 unless given. */
  readonly level?: number;
  /** Asked when it fails, before that is told: throws when there is a better reason, as that what was to be packed is gone. */
  readonly onFailure?: () => Promise<unknown>;
}

export type PackContext = Pick<OperationContext, "operationId" | "stage" | "signal">;

/** A bundle that was written. */
export interface PackedBundle extends BundleDigest {
  readonly path: string;
  /** Its name, as it is published under. */
  readonly file: string;
}

export interface UnpackedBundle {
  /** The text of `manifest.json`, which is not looked at here. */
  readonly manifest: string;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}
