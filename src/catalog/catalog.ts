/**
 * Room `catalog`: lists of what can be fetched, and fetching it.
 *
 * A catalog entry names a thing and where it comes from. Fetching checks before it parses: the only code that sees
 * unverified bytes is a hash and a counter. Entries so far are of one kind: a distribution's archive.
 *
 * Debian chain: `InRelease` of a suite is checked by `gpgv` against a pinned keyring and must be signed by a pinned
 * fingerprint (VALIDSIG, not GOODSIG) and be within its Valid-Until; it names the `Packages` index by sha256 and size; that
 * names each package by sha256 and size. The mirror is the host's own apt configuration, or `debian.mirror` in the config.
 */

/** An entry of the embedded catalog. */
export type CatalogEntry =
  | {
      readonly kind: "debian-kernel";
      readonly name: string;
      readonly arch: "amd64";
      /** The suite whose archive has it: `bookworm-security`. */
      readonly suite: string;
      /** The meta package that depends on the newest kernel. */
      readonly package: string;
      readonly description: string;
    }
  | {
      readonly kind: "debian-image";
      readonly name: string;
      readonly arch: "amd64";
      readonly suite: string;
      readonly packages: readonly string[];
      readonly kernelRef: string;
      readonly description: string;
    };

export interface Catalog {
  list(): readonly CatalogEntry[];
  find(name: string): CatalogEntry | undefined;
}

/** Where a Debian archive is: what an apt source says. */
export interface DebianSource {
  /** `http://host/debian`, no slash at the end. */
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
}

/** A package whose place and digest the verified index gave. */
export interface VerifiedPackage {
  readonly name: string;
  readonly version: string;
  readonly depends: readonly string[];
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface DebianArchive {
  /** The sources for a suite. Throws `unavailable` `no_debian_mirror` with what to set. */
  sources(suite: string): Promise<readonly DebianSource[]>;
  /** The newest version of a package in a suite, by the verified index. */
  findPackage(suite: string, name: string, options: FetchOptions): Promise<VerifiedPackage>;
  /** Downloads a package, verified, into the download cache; returns its path. */
  fetchPackage(wanted: VerifiedPackage, options: FetchOptions): Promise<string>;
}

export interface FetchOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}
