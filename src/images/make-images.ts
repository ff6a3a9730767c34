/** The room's factory. */
import type { Catalog, DebianArchive, ProxyEnvironment } from "../catalog/catalog.ts";
import { BangerError } from "../contract/errors.ts";
import type { Leases } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import { imageProbes } from "./debian/image-probes.ts";
import { makeImageStore } from "./image-store.ts";
import { sweepBootstraps } from "./debian/bootstrap-folder.ts";
import type { Images } from "./images.ts";
import { pullDebian, type DebianImageEntry } from "./pull-debian.ts";

export interface ImagesDependencies {
  readonly system: System;
  readonly catalog: Catalog;
  readonly archive: DebianArchive;
  readonly leases: Leases;
  /** The user id we run as. */
  readonly uid: number;
  /** The environment, for apt behind a proxy. */
  readonly proxies?: ProxyEnvironment;
}

export function makeImages({ system, catalog, archive, leases, uid, proxies = {} }: ImagesDependencies): Images {
  const store = makeImageStore(system, leases);
  const pulling = new Set<string>();
  const offering = <T>(name: string, answer: Promise<T>): Promise<T> => answer.catch((error: unknown) => offerKnown(catalog, name, error));
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
    pull: async (name, as, context) => {
      const entry = entryOf(catalog, name);
      if (pulling.has(as)) {
        throw new BangerError("refused", "image_being_pulled", `cannot pull image ${name} as ${as}: that is under way already`, {
          hint: "banger operation list",
        });
      }
      pulling.add(as);
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
    },
  };
}

/** Who asks for an image that is nowhere is told which can be had. */
function offerKnown(catalog: Catalog, name: string, error: unknown): never {
  if (!(error instanceof BangerError) || error.code !== "image_not_found" || catalog.find(name)?.kind === "debian-image") throw error;
  const pulls = imagesOf(catalog).map((known) => `banger image pull ${known}`);
  throw new BangerError(error.kind, error.code, error.message, { hint: pulls.join(" or "), cause: error });
}

function imagesOf(catalog: Catalog): readonly string[] {
  return catalog.list().flatMap((candidate) => (candidate.kind === "debian-image" ? [candidate.name] : []));
}

function entryOf(catalog: Catalog, name: string): DebianImageEntry {
  const entry = catalog.find(name);
  if (entry?.kind === "debian-image") return entry;
  const known = imagesOf(catalog);
  const why = entry === undefined ? "the catalog has no image of that name" : "that is a kernel";
  throw new BangerError("not_found", "image_not_in_catalog", `cannot pull image ${name}: ${why}; it has ${known.join(", ")}`, {
    hint: entry === undefined ? `banger image pull ${known[0] ?? ""}` : `banger kernel pull ${name}`,
  });
}
