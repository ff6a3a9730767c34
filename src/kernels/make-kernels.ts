/** The real `Kernels`. */
import type { Bundles, DebianArchive, OfferOf, Offers } from "../catalog/catalog.ts";
import { onDisk } from "../contract/disk-full.ts";
import { BangerError } from "../contract/errors.ts";
import { makeInTurn, makeJoinWork, type Leases, type OperationContext } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import { bundleKernel } from "./bundle/bundle-kernel.ts";
import { pullBundle } from "./bundle/pull-bundle.ts";
import { sweepBuildFolders } from "./from-source/build-folder.ts";
import { buildKernel, type KernelBuilding } from "./from-source/build-kernel.ts";
import { importKernel } from "./import-kernel.ts";
import type { Kernels } from "./kernels.ts";
import { pullDebianKernel } from "./pull-debian-kernel.ts";
import { makeInitrds } from "./store/initrds.ts";
import { makeKernelStore, type KernelStore } from "./store/kernel-store.ts";
import type { KernelManifest } from "./store/manifest.ts";
import { showKernel, storedKernel, verifyKernel, type ShownKernel } from "./store/stored-kernel.ts";

export interface KernelsParts {
  readonly system: System;
  readonly archive: DebianArchive;
  readonly offers: Offers;
  readonly bundles: Bundles;
  readonly leases: Leases;
  /** The guest agent's binary on this computer. */
  readonly agentPath: string;
  readonly building: KernelBuilding;
}

export function makeKernels(parts: KernelsParts): Kernels {
  const { system, offers } = parts;
  const { layout } = system;
  const store = makeKernelStore(system, parts.leases);
  const building = new Set<string>();
  const joinPull = makeJoinWork();
  const inTurn = makeInTurn();
  const initrds = makeInitrds(system, parts.agentPath);

  const show = async (name: string): Promise<ShownKernel & { readonly folder: string }> => {
    try {
      const folder = await store.pathOf(name);
      return { folder, ...(await showKernel(system, folder, name)) };
    } catch (error) {
      if (!(error instanceof BangerError) || error.code !== "kernel_not_found") throw error;
      const known = offers.pullable("kernel");
      const pulls = known.slice(0, 8).map((each) => `banger kernel pull ${each}`);
      const hint = known.includes(name) ? `banger kernel pull ${name}` : `banger kernel list, or ${pulls.join(" or ")}`;
      throw new BangerError(error.kind, error.code, error.message, { hint, cause: error });
    }
  };

  return {
    pull: async (name, as, context) => {
      const offer = await offers.find("kernel", name, context);
      const wanted = as ?? offer.entry.name;
      const pull = () => pullOffer({ ...parts, store }, offer, wanted, context);
      const join = () => joinPull(`${offer.catalog}/${offer.entry.name} as ${wanted}`, context, pull);
      return storedKernel(await onDisk(`cannot pull kernel ${name}`, layout.kernels, join), []);
    },
    import: async (name, folder, context) => {
      const take = () => importKernel(system, store, name, folder, context);
      return storedKernel(await onDisk(`cannot import kernel ${name}`, layout.kernels, take), []);
    },
    build: async (request, context) => {
      const build = () => buildKernel({ ...parts, ...parts.building, store, open: building }, request, context);
      return storedKernel(await onDisk(`cannot build kernel ${request.name}`, layout.kernels, build), []);
    },
    list: async () => {
      const names = await store.names();
      return Promise.all(names.map(async (name) => (await showKernel(system, `${layout.kernels}/${name}`, name)).stored));
    },
    get: async (name) => (await show(name)).stored,
    delete: (name, requireUnused) =>
      inTurn(async () => {
        await show(name);
        requireUnused();
        await store.remove(name);
      }),
    rename: (name, to, requireUnused) =>
      inTurn(async () => {
        const { manifest, stored } = await show(name);
        if (manifest === undefined || stored.problems.length > 0) throw damaged("rename", name, stored.problems);
        // The store would find the new name there already, and take the old one away.
        if (name === to) return stored;
        requireUnused();
        await onDisk(`cannot rename kernel ${name}`, layout.kernels, () => store.rename(name, to, requireUnused));
        return (await show(to)).stored;
      }),
    bundle: async (name, folder, context) => {
      const { manifest, stored, ...kernel } = await show(name);
      if (manifest === undefined || stored.problems.length > 0) throw damaged("bundle", name, stored.problems);
      return bundleKernel(parts, { name, folder: kernel.folder, manifest, requireThere: () => show(name) }, folder, context);
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
      const shown = await Promise.all((await store.names()).map((name) => showKernel(system, `${layout.kernels}/${name}`, name)));
      return initrds.findUnused(shown.flatMap(({ manifest }) => (manifest === undefined ? [] : [manifest])));
    },
    verify: async (name, signal) => {
      const { folder, stored, manifest } = await show(name);
      return manifest === undefined || stored.problems.length > 0 ? stored.problems : verifyKernel(system, folder, manifest, signal);
    },
    reconcile: async () => {
      await sweepBuildFolders(system, parts.leases, building);
      await parts.bundles.reconcile();
      await store.reconcile();
    },
  };
}

/** By where it comes from. */
async function pullOffer(
  parts: KernelsParts & { readonly store: KernelStore },
  { catalog, entry }: OfferOf<"kernel">,
  as: string,
  context: OperationContext,
): Promise<KernelManifest> {
  const { name, arch, version, bundle, debian } = entry;
  if (bundle !== undefined) return pullBundle(parts, { name: `${catalog}/${name}`, arch, version, bundle }, as, context);
  if (debian !== undefined) return pullDebianKernel(parts, debian, as, context);
  throw new BangerError(
    "refused",
    "not_published",
    `cannot pull kernel ${name}: nobody has published it; there is a recipe to build it by`,
    {
      hint: `banger kernel build ${name}`,
    },
  );
}

function damaged(verb: string, name: string, problems: readonly string[]): BangerError {
  return new BangerError("refused", "kernel_damaged", `cannot ${verb} the kernel ${name}: ${problems.join("; ")}`, {
    hint: `banger kernel delete ${name}, then get it again`,
  });
}
