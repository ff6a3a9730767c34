/** The real `Kernels`. */
import type { Catalog, DebianArchive } from "../catalog/catalog.ts";
import { BangerError } from "../contract/errors.ts";
import type { Leases } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import { importKernel } from "./import-kernel.ts";
import type { Kernels } from "./kernels.ts";
import { pullDebianKernel } from "./pull-debian-kernel.ts";
import { makeInitrds } from "./store/initrds.ts";
import { makeKernelStore } from "./store/kernel-store.ts";
import { showKernel, storedKernel, verifyKernel, type ShownKernel } from "./store/stored-kernel.ts";

export interface KernelsParts {
  readonly system: System;
  readonly archive: DebianArchive;
  readonly catalog: Catalog;
  readonly leases: Leases;
  /** The guest agent's binary on this computer. */
  readonly agentPath: string;
}

export function makeKernels(parts: KernelsParts): Kernels {
  const { system, catalog } = parts;
  const store = makeKernelStore(system, parts.leases);
  const initrds = makeInitrds(system, parts.agentPath);

  const entryOf = (name: string) => {
    const entry = catalog.find(name);
    return entry?.kind === "debian-kernel" ? entry : undefined;
  };

  const pullable = (): readonly string[] => catalog.list().flatMap((known) => (known.kind === "debian-kernel" ? [known.name] : []));

  const show = async (name: string): Promise<ShownKernel & { readonly folder: string }> => {
    try {
      const folder = await store.pathOf(name);
      return { folder, ...(await showKernel(system, folder, name)) };
    } catch (error) {
      if (!(error instanceof BangerError) || error.code !== "kernel_not_found") throw error;
      const pulls = pullable().map((known) => `banger kernel pull ${known}`);
      const hint = entryOf(name) === undefined ? `banger kernel list, or ${pulls.join(" or ")}` : `banger kernel pull ${name}`;
      throw new BangerError(error.kind, error.code, error.message, { hint, cause: error });
    }
  };

  return {
    pull: async (name, as, context) => {
      const entry = entryOf(name);
      if (entry === undefined) {
        throw new BangerError("not_found", "kernel_not_in_catalog", `cannot pull kernel ${name}: the catalog does not have it`, {
          hint: `it has: ${pullable().join(", ")}`,
        });
      }
      return storedKernel(await pullDebianKernel({ ...parts, store }, entry, as, context), []);
    },
    import: async (name, folder, context) => storedKernel(await importKernel(system, store, name, folder, context), []),
    list: async () => {
      const names = await store.names();
      return Promise.all(names.map(async (name) => (await showKernel(system, `${system.layout.kernels}/${name}`, name)).stored));
    },
    get: async (name) => (await show(name)).stored,
    delete: async (name, requireUnused) => {
      await show(name);
      requireUnused();
      await store.remove(name);
    },
    rename: async (name, to, requireUnused) => {
      const { manifest, stored } = await show(name);
      if (manifest === undefined || stored.problems.length > 0) throw damaged("rename", name, stored.problems);
      requireUnused();
      await store.rename(name, to);
      return (await show(to)).stored;
    },
    bootSet: async (name) => {
      const { folder, stored, manifest } = await show(name);
      if (manifest === undefined || stored.problems.length > 0) {
        throw damaged("boot with", name, stored.problems);
      }
      return {
        kernelPath: `${folder}/vmlinux`,
        initrdPath: await initrds.pathFor(folder, manifest),
        needsAcpi: manifest.needsAcpi,
        version: manifest.version,
      };
    },
    findUnusedInitrds: async () => {
      const shown = await Promise.all((await store.names()).map((name) => showKernel(system, `${system.layout.kernels}/${name}`, name)));
      return initrds.findUnused(shown.flatMap(({ manifest }) => (manifest === undefined ? [] : [manifest])));
    },
    verify: async (name, signal) => {
      const { folder, stored, manifest } = await show(name);
      return manifest === undefined || stored.problems.length > 0 ? stored.problems : verifyKernel(system, folder, manifest, signal);
    },
    reconcile: () => store.reconcile(),
  };
}

function damaged(verb: string, name: string, problems: readonly string[]): BangerError {
  return new BangerError("refused", "kernel_damaged", `cannot ${verb} the kernel ${name}: ${problems.join("; ")}`, {
    hint: `banger kernel delete ${name}, then get it again`,
  });
}
