/** The folders of kernels: `NAME/manifest.json`, and `NAME/vmlinux`, `NAME/modules.cpio`, which are names of blobs. */
import { BangerError } from "../../contract/errors.ts";
import { goodsName } from "../../contract/schemas/names.ts";
import { linkOrCopy } from "../../disks/disks.ts";
import { makeLeased, type Leases } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { AssembledKernel } from "../assemble-kernel.ts";
import { sha256Of } from "../formats/in-pieces.ts";
import { makeBlobs } from "./blobs.ts";
import { kernelManifest, type KernelManifest, type KernelOrigin } from "./manifest.ts";

export interface KernelFolder extends AsyncDisposable {
  /** A new, empty folder, leased; disposal removes it unless it was kept. */
  readonly path: string;
  /** Writes the kernel, and makes it appear under its name, whole. Throws `exists` `kernel_exists`. */
  keep(kernel: AssembledKernel, origin: KernelOrigin): Promise<KernelManifest>;
  /** The same, with the files that lie in the folder already and are what this says. */
  keepFiles(manifest: Omit<KernelManifest, "name" | "createdAt">): Promise<KernelManifest>;
}

/** A folder in the making, by whatever its files come. */
interface OpenFolder extends AsyncDisposable {
  readonly path: string;
  /** Makes it appear under its name, whole. */
  appear(manifest: Omit<KernelManifest, "name">): Promise<KernelManifest>;
}

export interface KernelStore {
  openFolder(name: string, operationId: string): Promise<KernelFolder>;
  names(): Promise<readonly string[]>;
  /** Throws `not_found` `kernel_not_found`. */
  pathOf(name: string): Promise<string>;
  remove(name: string): Promise<void>;
  /**
   * Throws `exists` `kernel_exists`, and what `requireUnused` throws. A daemon that dies in between leaves it under both names or the old
   * one, and asked again goes on.
   * @param requireUnused asked right before the old name goes, with nothing in between.
   */
  rename(name: string, to: string, requireUnused: () => void): Promise<void>;
  /** Removes what was being made or removed when a daemon died. */
  reconcile(): Promise<void>;
}

const UNFINISHED = ".tmp-";

export function makeKernelStore(system: System, leases: Leases): KernelStore {
  const { files, layout } = system;
  const blobs = makeBlobs(system);
  const reserved = new Set<string>();

  const drafts = makeLeased({
    leases,
    kind: "store-folder",
    isOurs: (path) => path.startsWith(`${layout.kernels}/`),
    remove: async (path) => {
      await files.removeTree(path);
      await blobs.sweep();
    },
  });

  const isCopy = async (name: string, { name: _other, ...wanted }: KernelManifest): Promise<boolean> => {
    if (!(await exists(name)) || reserved.has(name)) return false;
    const { name: _name, ...found } = await readManifest(system, `${layout.kernels}/${name}`, name);
    return JSON.stringify(found) === JSON.stringify(wanted);
  };

  const exists = async (name: string): Promise<boolean> =>
    goodsName.safeParse(name).success && (await files.find(`${layout.kernels}/${name}`)) !== undefined;

  const openFolder = async (name: string, operationId: string | undefined): Promise<OpenFolder> => {
    goodsName.parse(name);
    if (reserved.has(name)) throw kernelExists(name, "there is a kernel being made with the name", "banger operation list shows by whom");
    reserved.add(name);
    const path = `${layout.kernels}/${UNFINISHED}${system.random.hex(8)}`;
    await using undo = new AsyncDisposableStack();
    undo.defer(() => void reserved.delete(name));
    if (await exists(name)) throw kernelExists(name);
    undo.use(await drafts.open(path, operationId, () => files.makeFolder(path)));
    const owned = undo.move();
    return {
      path,
      appear: async (found) => {
        const manifest = { ...found, name };
        await blobs.share(`${path}/vmlinux`, manifest.vmlinux.sha256);
        if (manifest.modules !== null) await blobs.share(`${path}/modules.cpio`, manifest.modules.sha256);
        await files.write(`${path}/manifest.json`, `${JSON.stringify(manifest, undefined, 2)}\n`, 0o444);
        await files.rename(path, `${layout.kernels}/${name}`);
        return manifest;
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  };

  const remove = async (name: string): Promise<void> => {
    // Out of the list in one step; what is left of it when that is cut off, reconcile removes.
    const path = `${layout.kernels}/${UNFINISHED}${system.random.hex(8)}`;
    await files.rename(`${layout.kernels}/${name}`, path);
    await files.removeTree(path);
    await blobs.sweep();
  };

  return {
    openFolder: async (name, operationId) => {
      const folder = await openFolder(name, operationId);
      return {
        path: folder.path,
        keep: async (kernel, origin) => {
          const manifest = await manifestOf(kernel, origin, system.clock.nowMs());
          await files.write(`${folder.path}/vmlinux`, kernel.vmlinux, 0o444);
          if (kernel.modulesCpio !== undefined) await files.write(`${folder.path}/modules.cpio`, kernel.modulesCpio, 0o444);
          return folder.appear(manifest);
        },
        keepFiles: async (manifest) => folder.appear({ ...manifest, createdAt: system.clock.nowMs() }),
        [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
      };
    },
    names: async () => (await files.list(layout.kernels)).filter((name) => goodsName.safeParse(name).success),
    pathOf: async (name) => {
      if (await exists(name)) return `${layout.kernels}/${name}`;
      throw new BangerError("not_found", "kernel_not_found", `there is no kernel ${name}`);
    },
    remove,
    rename: async (name, to, requireUnused) => {
      const from = `${layout.kernels}/${name}`;
      const manifest = await readManifest(system, from, name);
      // It was cut off between the last two steps, and is told to go on.
      if (await isCopy(to, manifest)) {
        requireUnused();
        return remove(name);
      }
      await using folder = await openFolder(to, undefined);
      for (const file of await files.list(from))
        if (file !== "manifest.json") await linkOrCopy(files, `${from}/${file}`, `${folder.path}/${file}`);
      await folder.appear(manifest);
      try {
        // A vm may have taken it since it was asked first.
        requireUnused();
      } catch (error) {
        await remove(to);
        throw error;
      }
      await remove(name);
    },
    reconcile: async () => {
      const seen = (await files.list(layout.kernels))
        .filter((name) => name.startsWith(UNFINISHED))
        .map((name) => `${layout.kernels}/${name}`);
      await drafts.sweep(seen);
      await blobs.sweep();
    },
  };
}

/** Throws `Error` (a zod one included) with what is wrong. */
export async function readManifest(system: System, folder: string, name: string): Promise<KernelManifest> {
  const manifest = kernelManifest.parse(JSON.parse(await system.files.readText(`${folder}/manifest.json`)));
  if (manifest.name !== name) throw new Error(`it says that its name is ${manifest.name}`);
  return manifest;
}

async function manifestOf(kernel: AssembledKernel, origin: KernelOrigin, createdAt: number): Promise<KernelManifest> {
  const measured = async (bytes: Uint8Array) => ({ sha256: await sha256Of(bytes), bytes: bytes.length });
  return {
    format: 1,
    ...origin,
    arch: "amd64",
    version: kernel.version ?? null,
    needsAcpi: kernel.needsAcpi,
    acpiReason: kernel.acpiReason,
    vmlinux: await measured(kernel.vmlinux),
    modules: kernel.modulesCpio === undefined ? null : { ...(await measured(kernel.modulesCpio)), names: [...kernel.moduleNames] },
    createdAt,
  };
}

function kernelExists(
  name: string,
  why = "there already is a kernel",
  hint = `banger kernel delete ${name}, or choose another name`,
): BangerError {
  return new BangerError("exists", "kernel_exists", `${why} ${name}`, { hint });
}
