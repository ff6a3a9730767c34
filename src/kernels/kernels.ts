/**
 * Room `kernels`: local kernels. A kernel is a folder in the store with `manifest.json`, `vmlinux` and, when it has
 * drivers as modules, `modules.cpio`. A folder appears whole by rename, and is never changed afterwards; its files are kept by their
 * digests, so kernels of the same content take the room of one.
 *
 * Laws: nothing is parsed before its digest was checked; a name appears once; deleting is refused while a vm holds it.
 */
import type { PackedBundle } from "../catalog/catalog.ts";
import type { Kernel } from "../contract/schemas/goods.ts";
import type { OperationContext } from "../operations/operations.ts";

/** What a VMM is given to boot. */
export interface BootSet {
  /** An uncompressed ELF with a PVH entry. */
  readonly kernelPath: string;
  /** Modules, if any, and the agent as init. */
  readonly initrdPath: string;
  /** Whether the kernel finds its devices only through ACPI. */
  readonly needsAcpi: boolean;
  readonly version: string | null;
}

/** A kernel without who uses it; the room above knows that. */
export type StoredKernel = Omit<Kernel, "usedBy">;

/** A bundle that was written, with what a catalog says of it. */
export interface KernelBundle extends PackedBundle {
  readonly name: string;
  readonly distro: string;
  readonly arch: "amd64";
  readonly version: string | null;
}

/** A kernel to build. */
export interface BuildRequest {
  readonly name: string;
  /** A release of Linux; that of our own configuration unless given. */
  readonly version?: string | undefined;
  /** Path of a configuration; our own unless given. */
  readonly config?: string | undefined;
  /** `kernel.org` unless given, `apt`, or the path of a folder or a tarball. */
  readonly source?: string | undefined;
}

export interface Kernels {
  /**
   * Fetches what a catalog names: `debian-6.12`, `acme/generic-6.12`. Stages: `index` of an archive, `download`, `unpack`, `store`.
   * Throws `refused` `not_published` for a recipe, with the command that builds it, and what `Offers.find` throws.
   * @param as the name without its catalog, when undefined.
   */
  pull(name: string, as: string | undefined, context: OperationContext): Promise<StoredKernel>;
  /** Copies from a folder: `metadata.json`, else `vmlinux`, else `boot/vmlinu[xz]-*` with `lib/modules/*`. Stages: `find`, `copy`, `store`. */
  import(name: string, folder: string, context: OperationContext): Promise<StoredKernel>;
  /**
   * Compiles one. What is fetched is unpacked only when the signature of a pinned key, or Debian's archive, says that it is genuine.
   * Stages: `tools`, `source`, `verify`, `unpack`, `configure`, `compile`, `store`.
   */
  build(request: BuildRequest, context: OperationContext): Promise<StoredKernel>;
  /** Never fails: what cannot be read has problems. */
  list(): Promise<readonly StoredKernel[]>;
  /** Throws `not_found` `kernel_not_found`, with the command that would get it. */
  get(name: string): Promise<StoredKernel>;
  /** @param requireUnused throws when something uses it; asked right before it goes, with nothing in between. */
  delete(name: string, requireUnused: () => void): Promise<void>;
  /** Throws as `get`, `exists` `kernel_exists`, and what `requireUnused` throws: vms name their kernel. */
  rename(name: string, to: string, requireUnused: () => void): Promise<StoredKernel>;
  /**
   * Writes `NAME-ARCH-<16 digits of its sha256>.tar.zst` into a folder; one that is there already stays. Stages: `verify`, `pack`.
   * Throws as `get`, `refused` `kernel_damaged`, `kernel_not_bundled`, `folder_unusable`, `not_found` `folder_not_found`.
   */
  bundle(name: string, folder: string, context: OperationContext): Promise<KernelBundle>;
  /** The files to boot, the initramfs put together for this kernel and this agent, once. */
  bootSet(name: string): Promise<BootSet>;
  /** Paths of initramfs files that no kernel here boots with the agent of this banger. */
  findUnusedInitrds(): Promise<readonly string[]>;
  /** What is wrong with the content of a kernel's files, by their digests; empty when they are what they were. Throws as `get`. */
  verify(name: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Removes half-made folders. */
  reconcile(): Promise<void>;
}
