/** The room's factory. */
import type { Images } from "../images/images.ts";
import { BangerError } from "../contract/errors.ts";
import { makeLeased, makeOneAtATime, type Leases } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import type { Vms } from "../vms/vms.ts";
import type { Builds } from "./builds.ts";
import { buildImage } from "./build-image.ts";
import { chooseBuilder } from "./choose-builder.ts";
import { buildDockerfile } from "./dockerfile/build-dockerfile.ts";
import { removeDockerfileFolder, sweepDockerfileFolders } from "./dockerfile/dockerfile-folder.ts";
import { promoteVm } from "./promote.ts";
import { makeStepCache } from "./step-cache.ts";
import { removeWorkshop } from "./workshop.ts";

export interface BuildsDependencies {
  readonly system: System;
  readonly vms: Vms;
  readonly images: Images;
  readonly leases: Leases;
  /** The user id we run as. */
  readonly uid: number;
  /** The user's environment, for the proxies and the logins that it may name or lead to. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Told when something could not be removed: `reconcile` is wanted soon. */
  readonly onTrouble: () => void;
}

export function makeBuilds(dependencies: BuildsDependencies): Builds {
  const cache = makeStepCache(dependencies);
  const { system, vms, leases, uid } = dependencies;
  /** The image is none the worse for what cannot be removed yet. */
  const onLeft = (key: string, error: unknown): void => {
    system.log.warn("cannot remove yet what an image was made in", { key, error });
    dependencies.onTrouble();
  };
  const workshops = makeLeased({ leases, kind: "workshop", remove: (name) => removeWorkshop({ vms }, name), onLeft });
  const folders = makeLeased({ leases, kind: "dockerfile", remove: (path) => removeDockerfileFolder(system, uid, path), onLeft });
  const parts = { ...dependencies, cache, workshops, folders };
  const oneAtATime = makeOneAtATime();
  return {
    promote: (request, context) =>
      oneAtATime(request.as, () => promoteVm(parts, request, context), inMaking(`cannot promote vm ${request.vm}`)),
    build: async (request, context) => {
      const chosen = chooseBuilder(request);
      const build = () =>
        chosen.by === "dockerfile" ? buildDockerfile(parts, chosen.request, context) : buildImage(parts, chosen.request, context);
      return await oneAtATime(request.as, build, inMaking(`cannot build image ${request.as}`));
    },
    forgetStep: (name) => cache.forget(name),
    reconcile: async () => {
      await cache.reconcile();
      await workshops.sweep();
      await sweepDockerfileFolders(parts);
    },
  };
}

/** @param what how the refusal begins. */
const inMaking =
  (what: string) =>
  (name: string): BangerError =>
    new BangerError("exists", "image_in_making", `${what}: an image ${name} is being made already`, {
      hint: "banger operation list shows by what; or take another name",
    });
