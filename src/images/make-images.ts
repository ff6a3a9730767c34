/** The room's factory. */
import {
  isOciReference,
  type Bundles,
  type DebianArchive,
  type OciSources,
  type OfferOf,
  type Offers,
  type ProxyEnvironment,
} from "../catalog/catalog.ts";
import { onDisk } from "../contract/disk-full.ts";
import { BangerError } from "../contract/errors.ts";
import { makeJoinWork, type Leases, type OperationContext } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import { bundleImage } from "./bundle/bundle-image.ts";
import { pullOffered } from "./bundle/pull-bundle.ts";
import { imageProbes } from "./debian/image-probes.ts";
import { importBundle, importImage } from "./import/import-image.ts";
import { makeImageStore } from "./store/image-store.ts";
import { sweepBootstraps } from "./debian/bootstrap-folder.ts";
import type { Images, PullHow, StoredImage } from "./images.ts";
import { nameOfImage } from "./oci/name-of-image.ts";
import { pullOci } from "./oci/pull-oci.ts";
import { keepRoot } from "./root/keep-root.ts";
import { registerDisk } from "./register/register-disk.ts";
import { pullDebian } from "./debian/pull-debian.ts";

export interface ImagesDependencies {
  readonly system: System;
  readonly offers: Offers;
  readonly archive: DebianArchive;
  readonly sources: OciSources;
  readonly bundles: Bundles;
  /** The path of the program that merges the layers of an image; asked for each time. */
  readonly placeLayers: () => Promise<string>;
  readonly leases: Leases;
  /** The user id we run as. */
  readonly uid: number;
  /** The environment, for apt behind a proxy. */
  readonly proxies?: ProxyEnvironment;
}

export function makeImages(dependencies: ImagesDependencies): Images {
  const { system, offers, archive, sources, bundles, placeLayers, leases, uid, proxies = {} } = dependencies;
  const { images: folder } = system.layout;
  const store = makeImageStore(system, leases, placeLayers);
  /** What is being made, by the name that it is to have. */
  const making = new Map<string, string>();
  const joinWork = makeJoinWork();
  const offering = <T>(name: string, answer: Promise<T>): Promise<T> => answer.catch((error: unknown) => offerKnown(offers, name, error));
  /** @param cannot how a refusal begins. @param what the same for those who ask for the same. */
  const makeAs = async (
    as: string,
    what: string,
    cannot: string,
    context: OperationContext,
    make: (as: string) => Promise<void>,
  ): Promise<StoredImage> => {
    if ((making.get(as) ?? what) !== what) {
      throw new BangerError("refused", "image_being_made", `${cannot}: another one is being made as ${as}`, {
        hint: "banger operation list shows by whom",
      });
    }
    return joinWork(as, context, async () => {
      making.set(as, what);
      try {
        await onDisk(cannot, folder, () => make(as));
      } catch (error) {
        // Whatever a child that was told to end had to say.
        if (context.signal.aborted) throw new BangerError("cancelled", "cancelled", `${cannot}: it was cancelled`, { cause: error });
        throw error;
      } finally {
        making.delete(as);
      }
      return store.get(as);
    });
  };
  return {
    list: () => store.list(),
    get: (name) => offering(name, store.get(name)),
    parts: (name) => offering(name, store.parts(name)),
    verify: (name, signal) => offering(name, store.verify(name, signal)),
    delete: (name, requireUnused) => offering(name, store.delete(name, requireUnused)),
    probes: () => imageProbes(system, uid),
    reconcile: async () => {
      await sweepBootstraps(system, leases, uid, (draft) => store.isOpen(draft));
      await bundles.reconcile();
      await store.reconcile();
    },
    pull: async (name, wantedAs, context, how = {}) => {
      const cannot = how.built?.cannot ?? `cannot pull image ${name}`;
      const offer = isOciReference(name) ? undefined : await findOffer(offers, name, context);
      if (offer === undefined) {
        const wanted = { text: name, platform: how.platform, kernelRef: how.kernelRef, built: how.built };
        const what = JSON.stringify(wanted);
        return makeAs(wantedAs ?? nameOfImage(name), what, cannot, context, (as) =>
          pullOci({ system, sources, bundles, store, placeLayers }, wanted, as, context),
        );
      }
      refuseHow(name, how);
      const { entry, catalog } = offer;
      return makeAs(wantedAs ?? entry.name, `${catalog}/${entry.name}`, cannot, context, (as) => {
        const { debian, bundle } = entry;
        if (debian !== undefined)
          return pullDebian({ system, archive, store, leases, uid, proxies }, { ...entry, ...debian, arch: "amd64" }, as, context);
        // Of two places to come from an entry has exactly one.
        return pullOffered({ system, bundles, store }, { ...entry, name: `${catalog}/${entry.name}`, bundle }, as, context);
      });
    },
    bundle: async (name, into, context) => {
      const requireThere = () => offering(name, store.folderOf(name));
      const image = { name, folder: await requireThere(), manifest: await store.whole(name, "bundle"), requireThere };
      const verify = () => store.verify(name, context.signal);
      return bundleImage({ system, bundles }, { ...image, verify }, into, context);
    },
    rename: async (name, to, requireUnused) => {
      await offering(name, store.rename(name, to, requireUnused));
      return store.get(to);
    },
    tag: async (name, to) => {
      await onDisk(`cannot tag image ${name}`, folder, () => offering(name, store.tag(name, to)));
      return store.get(to);
    },
    keep: (name, root, context) =>
      makeAs(name, `${context.operationId} keeps it`, `cannot make image ${name}`, context, (as) =>
        keepRoot({ system, store, placeLayers }, root, as, context),
      ),
    requireFree: (name, cannot) => store.requireFree(name, cannot),
    identityOf: async (name) => {
      const manifest = await store.manifest(name);
      return manifest?.build === undefined ? undefined : { identity: manifest.build.identity, init: manifest.init };
    },
    import: (name, from, how, context) =>
      makeAs(name, JSON.stringify({ from, how }), `cannot import image ${name}`, context, (as) =>
        importImage({ system, store, placeLayers }, as, from, how, context),
      ),
    makeBundle: (name, from, into, how, context) =>
      onDisk(`cannot make a bundle of ${name}`, folder, () =>
        importBundle({ system, store, bundles, placeLayers }, name, from, into, how, context),
      ),
    register: (name, from, how, context) =>
      makeAs(name, JSON.stringify({ disk: from, how }), `cannot register image ${name}`, context, (as) =>
        registerDisk({ system, store }, as, from, how, context),
      ),
  };
}

/** Undefined for what can only be docker.io's: before its slash there stands no catalog that is known. */
async function findOffer(offers: Offers, name: string, context: OperationContext): Promise<OfferOf<"image"> | undefined> {
  try {
    return await offers.find("image", name, context);
  } catch (error) {
    const isNowhere = error instanceof BangerError && error.code === "image_not_in_catalog";
    if (!isNowhere || !name.includes("/") || offers.isCatalog(name.slice(0, name.indexOf("/")))) throw error;
    return undefined;
  }
}

function refuseHow(name: string, { platform, kernelRef }: PullHow): void {
  if (platform === undefined && kernelRef === undefined) return;
  const flag = platform === undefined ? "--kernel-ref" : "--platform";
  throw new BangerError("invalid", "not_of_a_registry", `cannot pull image ${name}: its catalog says for what it is, ${flag} does not`, {
    hint: `leave ${flag} out, or name an image of a registry, such as debian:bookworm`,
  });
}

/** Who asks for an image that is nowhere is told which can be had. */
function offerKnown(offers: Offers, name: string, error: unknown): never {
  const known = offers.pullable("image");
  if (!(error instanceof BangerError) || error.code !== "image_not_found" || known.includes(name)) throw error;
  const pulls = known.slice(0, 8).map((each) => `banger image pull ${each}`);
  throw new BangerError(error.kind, error.code, error.message, { hint: pulls.join(" or "), cause: error });
}
