/**
 * What the command line does without a daemon though it touches the computer: it is about the daemon itself, or needs what the daemon
 * should not have: a secret key. Daemon and command line are one program; its entry hands this over.
 */

import type { OperationEvent } from "./events.ts";
import type { DoctorReport } from "./schemas/finding.ts";

/** Whose service manager: the user's own, or the computer's, as root. */
export type UnitScope = "user" | "system";

export interface UnitFile {
  readonly path: string;
  readonly text: string;
}

export interface InstalledUnits {
  readonly paths: readonly string[];
  /** Whether the user's services go on without a login; null when that does not matter, or nobody could say. */
  readonly linger: boolean | null;
  /** Name of the user, for `loginctl enable-linger`. */
  readonly user: string | null;
}

/** What root runs for one user, who may make no network of vms. */
export interface NetworkHelper {
  readonly uid: number;
  readonly argv: readonly string[];
  /** By which systemd runs it. */
  readonly unit: UnitFile;
}

export interface LocalVersions {
  readonly agent: string;
  readonly drivers: readonly {
    readonly name: string;
    readonly version: string | null;
    readonly acceleration: "kvm" | "tcg" | "none";
    readonly reason: string;
  }[];
}

/** What a document of a catalog says of itself. */
export interface DocumentSummary {
  readonly document: "catalog.json" | "keys.json";
  /** Of the catalog. */
  readonly name: string;
  readonly version: number;
  /** Instants like 2027-01-31T00:00:00Z. */
  readonly issued: string;
  readonly expires: string;
  /** How many a catalog has; null of keys. */
  readonly entries: number | null;
}

export interface SignRequest {
  readonly path: string;
  readonly secretKeyPath: string;
  /** Writes a new version into it that is good for so long from now on; signed as it is when undefined. */
  readonly validForMs: number | undefined;
  /** Asked for where the key is kept under one. */
  readonly askPassword: () => Promise<string>;
}

export interface SignedDocument extends DocumentSummary {
  readonly keyId: string;
  readonly publicKey: string;
  readonly signaturePath: string;
}

export interface VerifyRequest {
  readonly path: string;
  /** Keys as `RW...`, or absolute paths of files with them: those that are believed. */
  readonly keys: readonly string[];
}

export interface VerifiedDocument extends DocumentSummary {
  /** Ids of those of the keys that signed it. */
  readonly signedBy: readonly string[];
}

export interface MadeKey {
  readonly secretPath: string;
  readonly publicPath: string;
  readonly publicKey: string;
  readonly keyId: string;
}

export interface PublishRequest {
  /** Of the bundle, absolute. */
  readonly bundlePath: string;
  /** What the catalog is to say of it, but for the bundle itself: `type`, `name`, `distro`, `arch`, `version`, `description`, or of an image `kernelRef`. */
  readonly entry: unknown;
  /** `s3://BUCKET/PREFIX` or `oci://HOST/REPOSITORY[:TAG]`. */
  readonly to: string;
  /** Of the S3 store; that of the environment, or Amazon's, when undefined. */
  readonly endpoint: string | undefined;
  /** Where users find what lies under the prefix; the store's own address when undefined. */
  readonly publicUrl: string | undefined;
  /** An absolute path, `s3://BUCKET/KEY`, or an address that takes PUT. */
  readonly catalog: string;
  /** What a catalog that is not there yet calls itself; without it one has to be there. */
  readonly catalogName: string | undefined;
  readonly secretKeyPath: string;
  /** How long the new version is good for; as long as the one before when undefined. */
  readonly validForMs: number | undefined;
  /** A file with credentials, over those of the environment. */
  readonly credentialsPath: string | undefined;
  readonly askPassword: () => Promise<string>;
}

/** What the command line asks for: the entry is that of the bundle. */
export interface PublishFileRequest extends Omit<PublishRequest, "entry"> {
  readonly type: "kernel" | "image";
  readonly description: string | undefined;
}

export interface Published {
  /** `NAME-ARCH-` and 16 hex digits of its digest. */
  readonly bundle: string;
  readonly url: string;
  readonly sha256: string;
  readonly bytes: number;
  /** False when it was there. */
  readonly isUploaded: boolean;
  /** False when the catalog said it already. */
  readonly isChanged: boolean;
  readonly catalog: {
    readonly name: string;
    readonly version: number;
    readonly expires: string;
    readonly entries: number;
    readonly place: string;
    /** The files that it consists of, where it lies on this computer: what is to be committed. */
    readonly paths: readonly string[];
    /** The checkout that these files are in, if any. */
    readonly checkout: string | null;
    readonly keyId: string;
  };
}

/** What is known before there is a bundle. */
export type PublishWords = Omit<PublishRequest, "entry" | "bundlePath" | "askPassword">;

/** As typed. */
export interface PushWords {
  /** `REGISTRY/REPOSITORY:TAG`, as it was typed. */
  readonly to: string;
  /** A file with credentials, over those of the environment. */
  readonly credentialsPath: string | undefined;
}

export interface PushRequest extends PushWords {
  /** A bundle of an image, as the daemon wrote it. */
  readonly bundle: { readonly path: string; readonly file: string; readonly sha256: string; readonly bytes: number };
}

export interface Pushed {
  /** The one text of where it is: `ghcr.io/acme/web:latest`. */
  readonly reference: string;
  /** Of its manifest: `image pull REGISTRY/REPOSITORY@DIGEST` means this very one. */
  readonly digest: string;
  /** The file that is its layer, with its digest and size. */
  readonly bundle: string;
  readonly sha256: string;
  readonly bytes: number;
  /** False when all of it was there. */
  readonly isUploaded: boolean;
}

/** A folder that goes when it is disposed of, and by `system prune` when that was cut off. */
export interface Scratch extends AsyncDisposable {
  readonly path: string;
}

export interface SshConfig {
  /** The file that says how. */
  readonly path: string;
  /** The user's own, which includes it. */
  readonly userPath: string;
  /** Whether the user's was changed. */
  readonly isChanged: boolean;
  /** Whether OpenSSH looks there: it does not ask the environment where home is. */
  readonly isRead: boolean;
}

export interface LocalWork {
  /** An empty folder for a file on its way. */
  openScratch(): Promise<Scratch>;
  /** What doctor finds, by this process's own eyes; removes nothing. `onEvent` hears how far it is. */
  examine(request: { readonly deep: boolean }, onEvent: (event: OperationEvent) => void): Promise<DoctorReport>;
  /** The versions of what a daemon would work with. */
  findVersions(): Promise<LocalVersions>;
  /** Root's network helper for a user, by name or number, else for who typed `sudo`. Throws `invalid` `no_such_user`. */
  findNetworkHelper(user: string | undefined): Promise<NetworkHelper>;
  /** Puts its program where it is run from. Throws `refused` `not_root`. */
  placeNetworkHelper(helper: NetworkHelper): Promise<void>;
  /** The units as they would be installed. */
  listUnits(scope: UnitScope): readonly UnitFile[];
  /** Writes the units and has the service manager listen; replaces earlier ones. Throws `unavailable` `no_systemd`, and then leaves nothing. */
  installUnits(scope: UnitScope): Promise<InstalledUnits>;
  /** Undoes `installUnits`; the paths of what was there. Vms run on. */
  uninstallUnits(scope: UnitScope): Promise<readonly string[]>;
  /** Has plain `ssh NAME.banger` work: `text` goes into a file of ours, which the user's configuration includes. Throws `refused` `ssh_config_odd`. */
  writeSshConfig(text: string): Promise<SshConfig>;
  /** Undoes it. */
  removeSshConfig(): Promise<SshConfig>;
  /** Signs `catalog.json` or `keys.json` where it lies. Throws `invalid` `bad_document`, `refused` `bad_signing_key`. */
  signDocument(request: SignRequest): Promise<SignedDocument>;
  /** Checks such a document and its signature as whoever adds the catalog would. Throws `refused` for what nobody would believe. */
  verifyDocument(request: VerifyRequest): Promise<VerifiedDocument>;
  /** A new key for signing. Throws `exists` `file_exists`. */
  makeKey(path: string): Promise<MadeKey>;
  /** Throws what publishing and pushing would refuse for the words alone: making a bundle of a large image takes minutes. */
  checkPublish(words: PublishWords): Promise<void>;
  checkPush(words: PushWords): Promise<void>;
  /** Uploads a bundle, checks that everybody can fetch it, and enters it in a catalog. Throws before the catalog is changed. */
  publish(request: PublishFileRequest, onEvent: (event: OperationEvent) => void, signal: AbortSignal): Promise<Published>;
  /** Puts a bundle of an image into a registry, under a tag. */
  push(request: PushRequest, onEvent: (event: OperationEvent) => void, signal: AbortSignal): Promise<Pushed>;
}
