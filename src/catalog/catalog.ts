/**
 * Room `catalog`: lists of what can be fetched, and fetching it.
 *
 * A catalog entry names a thing and where it comes from. Fetching checks before it parses: the only code that sees
 * unverified bytes is a hash and a counter. An entry comes as a bundle at an address, from a distribution's archive, or is a recipe.
 *
 * A bundle is `NAME-ARCH-<sha256 prefix>.tar.zst`: a tar of regular files, `manifest.json` first, and then the files that this tells of.
 *
 * Debian chain: `InRelease` of a suite is checked by `gpgv` against a pinned keyring and must be signed by a pinned
 * fingerprint (VALIDSIG, not GOODSIG) and be within its Valid-Until; it names the `Packages` index by sha256 and size; that
 * names each package by sha256 and size. Both are hashed once more as they are read. The mirror is the host's own apt configuration, or `debian.mirror` and
 * `debian.security_mirror` in the config.
 *
 * Laws: what fails to verify leaves nothing behind and was parsed by nobody; a transport fault is tried again a bounded
 * number of times, a bad signature or digest never; a download that broke off is resumed.
 */

import type { Probe } from "../contract/probe.ts";
import type { OperationContext } from "../operations/operations.ts";
import type { DocumentEntry } from "./document/catalog-document.ts";

export { partsOf } from "./bundle/write-bundle.ts";
export { TAR_MAX_BYTES } from "./unpack/tar-header.ts";
export { parseBundleManifest, problemsIn, readGivenBundle, requireBundleFiles, type Fail } from "./bundle/check-bundle.ts";
export { readValidSignature, statusLinesOf } from "./pgp/status-lines.ts";
export type {
  AllowedFile,
  BundleAddress,
  BundleDigest,
  BundleFile,
  Bundles,
  BundleToPack,
  PackContext,
  PackedBundle,
  UnpackedBundle,
} from "./bundle/bundles.ts";
export { isOciReference } from "./oci/image-reference.ts";
export { registrySettings } from "./oci/registry-settings.ts";
export { configuredCatalogs } from "./catalogs/configured-schema.ts";

/** A catalog that was added or stands in the config. */
export interface KnownCatalog {
  readonly name: string;
  readonly url: string;
  readonly keys: readonly string[];
  readonly isConfigured: boolean;
  /** As it was accepted last; undefined of one in the config that was not fetched yet. */
  readonly accepted: AcceptedCatalog | undefined;
  /** Why it is of no use now, as that it has expired. */
  readonly problem: string | undefined;
}

export interface FetchedCatalog extends KnownCatalog {
  readonly accepted: AcceptedCatalog;
}

export interface AcceptedCatalog {
  readonly version: number;
  /** Instants like 2027-01-31T00:00:00Z. */
  readonly issued: string;
  readonly expires: string;
  readonly entries: readonly DocumentEntry[];
  /** When it was asked for last, in milliseconds since the epoch. */
  readonly updatedAt: number;
}

type FetchContext = Pick<OperationContext, "operationId" | "stage" | "signal">;

/** Catalogs that were added or stand in the config, each with the keys that it was added with. Stage: `fetch`. */
export interface Catalogs {
  list(): readonly KnownCatalog[];
  /** Throws `exists` `catalog_exists`, `invalid` `bad_catalog_address`, `refused` for what is not believed, and what fetching throws; nothing is then kept. */
  add(wanted: Pick<KnownCatalog, "name" | "url" | "keys">, context: FetchContext): Promise<FetchedCatalog>;
  /** The same, for one that was added; what was accepted before is then kept. Who comes while it is being updated waits for that: stage `wait`. */
  update(name: string, context: FetchContext): Promise<FetchedCatalog>;
  /** Throws `not_found` `catalog_not_found`, `refused` `catalog_in_config`. */
  remove(name: string): void;
}

/** The catalog inside the program. */
export interface Embedded {
  /** No other catalog can be called so. */
  readonly name: string;
  readonly entries: readonly DocumentEntry[];
}

/** An entry of a catalog; the address of its bundle is whole. */
export interface Offer {
  /** The catalog's name; `banger` of the one inside the program. */
  readonly catalog: string;
  readonly entry: DocumentEntry;
}

export interface OfferOf<T extends DocumentEntry["type"]> extends Offer {
  readonly entry: Extract<DocumentEntry, { type: T }>;
}

/** What all catalogs offer together. */
export interface Offers {
  /** Of the catalog inside the program first; none of a catalog that is of no use now. */
  list(): readonly Offer[];
  /** Whether there is a catalog of that name, of use or not. */
  isCatalog(name: string): boolean;
  /** Names to pull by: `debian-6.12`, `acme/generic-6.12`. */
  pullable(type: DocumentEntry["type"]): readonly string[];
  /**
   * What a name means, which may have a catalog and a slash before it. Catalogs that were not updated for a day are, first.
   * Throws `not_found` `kernel_not_in_catalog` or `image_not_in_catalog`, `refused` `ambiguous_name`, and why a catalog that was named is of no use.
   */
  find<T extends DocumentEntry["type"]>(type: T, name: string, context: OperationContext): Promise<OfferOf<T>>;
}

/** What an image of a registry says of how it is to be run. What is absent is empty. */
export interface OciConfig {
  /** `KEY=VALUE` each. */
  readonly env: readonly string[];
  readonly workingDir: string;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly stopSignal: string | undefined;
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly string[];
}

export interface OciBlob {
  /** `sha256:HEX`. */
  readonly digest: string;
  readonly bytes: number;
}

export interface OciLayer extends OciBlob {
  readonly compression: "none" | "gzip" | "zstd";
  /** `sha256:HEX` of the tar in it, which only whoever unpacks it can verify. */
  readonly diffId: string;
}

/** An image of ours in a registry: what `image push` puts there is its bundle, as the one layer of an artifact. */
export interface OciBundle {
  readonly kind: "bundle";
  readonly reference: string;
  /** Of its manifest. */
  readonly digest: string;
  readonly layers: readonly [OciBlob];
}

export interface OciImage {
  readonly kind: "image";
  /** The one text of the reference: `docker.io/library/debian:bookworm`. */
  readonly reference: string;
  /** Of its manifest, or of its config where there is no manifest, as in what `docker save` writes. */
  readonly digest: string;
  readonly platform: { readonly os: string; readonly architecture: string; readonly variant: string | undefined };
  readonly config: OciConfig;
  /** Bottom first. */
  readonly layers: readonly OciLayer[];
}

/** Images that are in no catalog: in registries, in folders, in files. */
export interface OciSources {
  /**
   * One image of one platform, verified from its manifest down. What is asked of a registry each time is what a tag means. Stage: `resolve`.
   * Throws `invalid` `bad_image_reference` or `bad_platform`, `not_found` `image_not_in_registry` or `no_such_platform`, `refused` for what is
   * not believed or not let in, `unsupported` for what is no image, and what fetching throws.
   */
  resolve(text: string, options: { readonly platform: string | undefined }, context: FetchContext): Promise<OciImage | OciBundle>;
  /** The paths of its layers' blobs in the download cache, in order, each verified; what is there is not asked for. Stage: `download`. */
  fetchLayers(image: OciImage | OciBundle, context: FetchContext): Promise<readonly string[]>;
  /** Removes of them what is in the download cache, whole or in part. */
  forgetLayers(image: OciImage | OciBundle): Promise<void>;
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

/** Files whose digest nobody knows before they are there. What they are worth, whoever asks finds out. */
export interface SignedFiles {
  /** Throws `refused` `longer_than_allowed` above `maxBytes`. */
  small(url: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /** The path of a large file in the download cache, as it was fetched: nothing is verified. Resumes what broke off. Throws as `small`. */
  signed(url: string, maxBytes: number, options: FetchOptions): Promise<string>;
  /** Removes it: it was not what a signature says. */
  forgetSigned(url: string): Promise<void>;
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
  /** The newest version of a package in a suite, by the verified index. Throws `not_found` `package_not_found`, and `refused` for what is not as it was signed. */
  findPackage(suite: string, name: string, options: FindPackageOptions): Promise<VerifiedPackage>;
  /** Downloads a package, verified, into the download cache; returns its path. */
  fetchPackage(wanted: VerifiedPackage, options: FetchOptions): Promise<string>;
  /** What verifying needs of the computer. */
  probes(): readonly Probe[];
  /**
   * Opens a package that was fetched to read its files. `scratchPath` is a new file for its unpacked data; disposal removes it.
   * Throws `refused` `digest_mismatch` when it was exchanged since.
   */
  openPackage(wanted: VerifiedPackage, packagePath: string, scratchPath: string, signal: AbortSignal): Promise<PackageFiles>;
}

/** The regular files of a package; links, folders and devices in it do not exist here. */
export interface PackageFiles extends AsyncDisposable {
  /** `boot/config-6.12`: no slash or `./` before it, no `..` in it. */
  list(): readonly PackageFile[];
  /** The content. Throws `not_found` `file_not_in_package`, `invalid` `file_too_large`. */
  read(name: string, maxBytes: number): Promise<Uint8Array>;
  /** Its content as a new file, for what is too large to hold. Throws as `read`. */
  copyTo(name: string, path: string, maxBytes: number, signal: AbortSignal): Promise<void>;
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
