/**
 * Room `images`: local images. An image is a folder in the store with `manifest.json`, a read-only base disk
 * (`base.squashfs`, `base.erofs` where layers were merged, or `base.ext4`) and, mostly, a work seed (`work-seed.ext4`: the ready file system of root's home). A folder appears whole
 * by rename, and is never changed afterwards.
 *
 * Laws: the files of an image never become files on the host; identity (machine-id, host keys) is stripped; deleting is
 * refused while a vm holds it.
 */
import type { Readable } from "node:stream";
import type { PackedBundle } from "../catalog/catalog.ts";
import type { Probe } from "../contract/probe.ts";
import type { Image } from "../contract/schemas/goods.ts";
import type { ImageCommands } from "../contract/schemas/image-commands.ts";
import type { GuestInit } from "../contract/schemas/init.ts";
import type { Requirement } from "../contract/schemas/requirement.ts";
import type { OperationContext } from "../operations/operations.ts";

export type StoredImage = Omit<Image, "usedBy">;

/** What the disks of a vm are made from. */
export interface ImageParts {
  readonly basePath: string;
  readonly baseFormat: "squashfs" | "erofs" | "ext4";
  /** Undefined when the image has none. */
  readonly workSeedPath: string | undefined;
  /** A work disk of it cannot be shorter: nothing of the host's makes a file system shorter that a stranger or a guest has written. */
  readonly leastWorkBytes: number;
  readonly kernelRef: string | null;
  readonly init: GuestInit;
  readonly requirements: readonly Requirement[];
  /** What the image wants in the environment of its commands. */
  readonly env: Readonly<Record<string, string>>;
  readonly commands: ImageCommands;
}

/** For images of registries alone. */
export interface PullHow {
  /** `linux/amd64`; that of this computer when left out. */
  readonly platform?: string | undefined;
  /** The kernel of its vms: such an image brings none and names none. */
  readonly kernelRef?: string | undefined;
  /** It was made here a moment ago, and is gone in a moment: what is kept is an image that was built, and not where it came from. */
  readonly built?: BuiltHow | undefined;
}

/** Of an image that was built, what nothing of it says. */
export interface BuiltHow extends Pick<GuestRoot, "init" | "requireReplaceable"> {
  /** How a refusal begins: nobody has asked for a pull. */
  readonly cannot: string;
}

/** A bundle that was written, with what a catalog says of it. */
export interface ImageBundle extends PackedBundle {
  readonly name: string;
  readonly distro: string;
  readonly arch: "amd64";
  readonly kernelRef: string | null;
}

/** Of an image that somebody has as files: those do not say it. */
export interface ImportHow {
  readonly kernelRef?: string | undefined;
  /** The agent when left out. */
  readonly init?: GuestInit | undefined;
  /** Of content; as much as any image may have when left out. */
  readonly maxBytes?: number | undefined;
}

/** The root of a guest that is there for it. */
export interface GuestRoot {
  readonly source: "promote" | "build";
  /** The image that the guest was made of: what nobody says otherwise is as there. */
  readonly like: string;
  readonly kernelRef: string;
  readonly init: GuestInit;
  /** Besides that of `like`. */
  readonly env: Readonly<Record<string, string>>;
  /** Given, it takes the place of an image of its name; throws when something uses that one. */
  readonly requireReplaceable?: (() => void) | undefined;
  readonly build?: { readonly identity: string; readonly from: string } | undefined;
  /** The root as a tar stream; asked once. */
  readonly open: (signal: AbortSignal) => Promise<Readable>;
  /** Makes a file the guest's work disk; asked after the root was read whole. */
  readonly giveWorkDisk: (path: string) => Promise<void>;
}

export interface RegisterHow extends ImportHow {
  /** The number of the partition that holds the root. */
  readonly partition?: number | undefined;
}

export interface Images {
  /**
   * Builds what a catalog names from its archive, in the stages `bootstrap`, `base`, `work seed`, `store`, or takes it from its bundle, in
   * `download`, `unpack`, `store`; or puts together what a registry, a folder or a saved archive has, in `resolve`, `download`, `merge`,
   * `store`, which of an image that was pushed from here is a bundle too. A name without colon and host means a catalog's where there is one.
   */
  pull(name: string, as: string | undefined, context: OperationContext, how?: PullHow): Promise<StoredImage>;
  /**
   * Makes one of a root file system: a folder, a tar, or a pipe that a tar comes through, at an absolute path. In the stages `read`, `store`.
   * Throws `not_found` `file_not_found`, and as the merging program for what is no good.
   */
  import(name: string, from: string, how: ImportHow, context: OperationContext): Promise<StoredImage>;
  /** Makes one of what a guest has. Stages: `export`, those of the guest, `store`. */
  keep(name: string, root: GuestRoot, context: OperationContext): Promise<StoredImage>;
  /** By which steps an image was built, as one digest, and who is PID 1 of its vms; undefined when it was not, or there is none of that name. */
  identityOf(name: string): Promise<{ readonly identity: string; readonly init: GuestInit } | undefined>;
  /** Throws `exists` `image_exists`. @param cannot how that begins: `cannot promote vm dev`. */
  requireFree(name: string, cannot: string): Promise<void>;
  /**
   * As `import` and `bundle` in one, without an image in the store. Stages: `read`, `verify`, `pack`.
   * @param into the folder of the bundle.
   */
  makeBundle(name: string, from: string, into: string, how: ImportHow, context: OperationContext): Promise<ImageBundle>;
  /**
   * Makes one of a finished disk, a file at an absolute path: ext4, squashfs or EROFS, alone or in a partition, as it is or in a qcow2. In the stages
   * `convert`, `inspect`, `copy`, `store`. Throws `refused` with what is wrong with the disk.
   */
  register(name: string, from: string, how: RegisterHow, context: OperationContext): Promise<StoredImage>;
  /** Never fails: what cannot be read has problems. */
  list(): Promise<readonly StoredImage[]>;
  /** Throws `not_found` `image_not_found`, with the command that would get it. */
  get(name: string): Promise<StoredImage>;
  parts(name: string): Promise<ImageParts>;
  /**
   * Writes `NAME-ARCH-<16 digits of its sha256>.tar.zst` into a folder; one that is there already stays. Stages: `verify`, `pack`.
   * Throws as `get`, `refused` `image_damaged`, `image_not_bundled`, `folder_unusable`, `not_found` `folder_not_found`.
   */
  bundle(name: string, folder: string, context: OperationContext): Promise<ImageBundle>;
  /** Gives it one more name, which shares its content. Throws as `get`, `exists` `image_exists`, `unavailable` `image_broken`. */
  tag(name: string, to: string): Promise<StoredImage>;
  /** Throws as `get`, `exists` `image_exists`, and what `requireUnused` throws: vms name their image. */
  rename(name: string, to: string, requireUnused: () => void): Promise<StoredImage>;
  /** @param requireUnused throws when something uses it; asked right before it goes, with nothing in between. */
  delete(name: string, requireUnused: () => void): Promise<void>;
  /** What is wrong with the content of an image's base, by its digest; empty when it is what it was. Throws as `get`. */
  verify(name: string, signal: AbortSignal): Promise<readonly string[]>;
  /** What making an image needs of the computer. */
  probes(): readonly Probe[];
  /** Removes half-made folders. */
  reconcile(): Promise<void>;
}
