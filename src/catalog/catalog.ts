/**
 * Room `catalog`: lists of what can be fetched, and fetching it.
 *
 * A catalog entry names a thing and where it comes from. Fetching checks before it parses: the only code that sees
 * unverified bytes is a hash and a counter. Entries so far are of one kind: a distribution's archive.
 *
 * Debian chain: `InRelease` of a suite is checked by `gpgv` against a pinned keyring and must be signed by a pinned
 * fingerprint (VALIDSIG, not GOODSIG) and be within its Valid-Until; it names the `Packages` index by sha256 and size; that
 * names each package by sha256 and size. The mirror is the host's own apt configuration, or `debian.mirror` and
 * `debian.security_mirror` in the config.
 *
 * Laws: what fails to verify leaves nothing behind and was parsed by nobody; a transport fault is tried again a bounded
 * number of times, a bad signature or digest never; a download that broke off is resumed.
 */

import type { Probe } from "../contract/probe.ts";
import type { OperationContext } from "../operations/operations.ts";
import type { DocumentEntry } from "./document/catalog-document.ts";

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

/** A catalog that was added, as it was accepted last. */
export interface KnownCatalog {
  readonly name: string;
  readonly url: string;
  readonly keys: readonly string[];
  readonly version: number;
  /** Instants like 2027-01-31T00:00:00Z. */
  readonly issued: string;
  readonly expires: string;
  readonly entries: readonly DocumentEntry[];
  readonly updatedAt: number;
  /** Why it is of no use now, as that it has expired. */
  readonly problem: string | undefined;
}

type FetchContext = Pick<OperationContext, "stage" | "signal">;

/** Catalogs that were added, each with the keys that it was added with. Stage: `fetch`. */
export interface Catalogs {
  list(): readonly KnownCatalog[];
  /** Throws `exists` `catalog_exists`, `invalid` `bad_catalog_address`, `refused` for what is not believed, and what fetching throws; nothing is then kept. */
  add(wanted: Pick<KnownCatalog, "name" | "url" | "keys">, context: FetchContext): Promise<KnownCatalog>;
  /** The same, for one that was added; what was accepted before is then kept. */
  update(name: string, context: FetchContext): Promise<KnownCatalog>;
  /** Throws `not_found` `catalog_not_found`. */
  remove(name: string): void;
}

export interface Catalog {
  /** All entries, by name. */
  list(): readonly CatalogEntry[];
  find(name: string): CatalogEntry | undefined;
}

/** Where a Debian archive is: what an apt source says. */
export interface DebianSource {
  /** `http://host/debian`, no slash at the end. `http`, `https` or `file`. */
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
}

/** One way to meet a dependency: `linux-image-6.12 (= 6.12.117-1)`. */
export interface PackageRelation {
  readonly name: string;
  readonly relation: "<<" | "<=" | "=" | ">=" | ">>" | undefined;
  readonly version: string | undefined;
}

/** A dependency: any one of these will do; the first is preferred. */
export type Dependency = readonly PackageRelation[];

/** A package whose place and digest the verified index gave. */
export interface VerifiedPackage {
  readonly name: string;
  readonly version: string;
  readonly depends: readonly Dependency[];
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface FetchOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

export interface FindPackageOptions extends FetchOptions {
  /** Exactly this version, instead of the newest. */
  readonly version?: string;
}

export interface DebianArchive {
  /** The sources for a suite. Throws `unavailable` `no_debian_mirror` with what to set. */
  sources(suite: string): Promise<readonly DebianSource[]>;
  /**
   * Whether a source has its suite. Its release is then there, signed by a pinned key, in date, and not older than one that was seen
   * before; throws otherwise, and when the mirror cannot be reached.
   */
  verifySuite(source: DebianSource, options: FetchOptions): Promise<boolean>;
  /** The newest version of a package in a suite, by the verified index. Throws `not_found` `package_not_found`. */
  findPackage(suite: string, name: string, options: FindPackageOptions): Promise<VerifiedPackage>;
  /** Downloads a package, verified, into the download cache; returns its path. */
  fetchPackage(wanted: VerifiedPackage, options: FetchOptions): Promise<string>;
  /** What verifying needs of the computer. */
  probes(): readonly Probe[];
  /** Opens a verified package to read its files. `scratchPath` is a new file for its unpacked data; disposal removes it. */
  openPackage(packagePath: string, scratchPath: string, signal: AbortSignal): Promise<PackageFiles>;
}

/** The regular files of a package; links, folders and devices in it do not exist here. */
export interface PackageFiles extends AsyncDisposable {
  /** `boot/config-6.12`: no slash or `./` before it, no `..` in it. */
  list(): readonly PackageFile[];
  /** The content. Throws `not_found` `file_not_in_package`, `invalid` `file_too_large`. */
  read(name: string, maxBytes: number): Promise<Uint8Array>;
}

export interface PackageFile {
  readonly name: string;
  readonly bytes: number;
}

/** The environment's variables about HTTP proxies, as they are; lower-case names win, as with curl. */
export interface ProxyEnvironment {
  readonly http_proxy?: string | undefined;
  readonly https_proxy?: string | undefined;
  readonly no_proxy?: string | undefined;
  readonly HTTPS_PROXY?: string | undefined;
  readonly NO_PROXY?: string | undefined;
}
