/** The room's factory. */
import type { DebianArchive, OfferOf, Offers, ProxyEnvironment } from "../catalog/catalog.ts";
import { BangerError } from "../contract/errors.ts";
import { makeJoinWork, type Leases } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import { imageProbes } from "./debian/image-probes.ts";
import { makeImageStore } from "./image-store.ts";
import { sweepBootstraps } from "./debian/bootstrap-folder.ts";
import type { Images } from "./images.ts";
import { pullDebian, type DebianImage } from "./pull-debian.ts";

export interface ImagesDependencies {
  readonly system: System;
  readonly offers: Offers;
  readonly archive: DebianArchive;
  readonly leases: Leases;
  /** The user id we run as. */
  readonly uid: number;
  /** The environment, for apt behind a proxy. */
  readonly proxies?: ProxyEnvironment;
}

export function makeImages({ system, offers, archive, leases, uid, proxies = {} }: ImagesDependencies): Images {
  const store = makeImageStore(system, leases);
  /** What is being pulled, by the name that it is to have. */
  const pulling = new Map<string, string>();
  const joinPull = makeJoinWork();
  const offering = <T>(name: string, answer: Promise<T>): Promise<T> => answer.catch((error: unknown) => offerKnown(offers, name, error));
  return {
    list: () => store.list(),
    get: (name) => offering(name, store.get(name)),
    parts: (name) => offering(name, store.parts(name)),
    verify: (name, signal) => offering(name, store.verify(name, signal)),
    delete: (name, requireUnused) => offering(name, store.delete(name, requireUnused)),
    probes: () => imageProbes(system, uid),
    reconcile: async () => {
      await sweepBootstraps(system, leases, uid, (draft) => store.isOpen(draft));
      await store.reconcile();
    },
    pull: async (name, wantedAs, context) => {
      const offer = await offers.find("image", name, context);
      const entry = requireDebian(offer);
      const as = wantedAs ?? entry.name;
      const what = `${offer.catalog}/${entry.name}`;
      if ((pulling.get(as) ?? what) !== what) {
        throw new BangerError("refused", "image_being_pulled", `cannot pull image ${name} as ${as}: another one is being pulled as that`, {
          hint: "banger operation list shows by whom",
        });
      }
      return joinPull(as, context, async () => {
        pulling.set(as, what);
        try {
          await pullDebian({ system, archive, store, leases, uid, proxies }, entry, as, context);
        } catch (error) {
          // Whatever a child that was told to end had to say.
          if (context.signal.aborted)
            throw new BangerError("cancelled", "cancelled", `cannot pull image ${name}: it was cancelled`, { cause: error });
          throw error;
        } finally {
          pulling.delete(as);
        }
        return store.get(as);
      });
    },
  };
}

/** Who asks for an image that is nowhere is told which can be had. */
function offerKnown(offers: Offers, name: string, error: unknown): never {
  const known = offers.pullable("image");
  if (!(error instanceof BangerError) || error.code !== "image_not_found" || known.includes(name)) throw error;
  const pulls = known.slice(0, 8).map((each) => `banger image pull ${each}`);
  throw new BangerError(error.kind, error.code, error.message, { hint: pulls.join(" or "), cause: error });
}

function requireDebian({ catalog, entry: { name, kernelRef, debian } }: OfferOf<"image">): DebianImage {
  if (debian !== undefined) return { name, kernelRef, arch: "amd64", ...debian };
  throw new BangerError(
    "unsupported",
    "bundle_of_image",
    `cannot pull image ${catalog}/${name}: this banger takes no images from bundles`,
    {
      hint: "install a newer one",
    },
  );
}
