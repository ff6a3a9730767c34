/** The room's factory. */
import type { Images } from "../images/images.ts";
import type { Leases } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import type { Vms } from "../vms/vms.ts";
import type { Builds } from "./builds.ts";
import { buildImage } from "./build-image.ts";
import { chooseBuilder } from "./choose-builder.ts";
import { buildDockerfile } from "./dockerfile/build-dockerfile.ts";
import { sweepDockerfileFolders } from "./dockerfile/dockerfile-folder.ts";
import { promoteVm } from "./promote.ts";
import { makeStepCache } from "./step-cache.ts";
import { sweepWorkshops } from "./workshop.ts";

export interface BuildsDependencies {
  readonly system: System;
  readonly vms: Vms;
  readonly images: Images;
  readonly leases: Leases;
  /** The user id we run as. */
  readonly uid: number;
  /** The user's environment, for the proxies and the logins that it may name or lead to. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly onTrouble: () => void;
}

export function makeBuilds(dependencies: BuildsDependencies): Builds {
  const cache = makeStepCache(dependencies);
  const parts = { ...dependencies, cache, open: new Set<string>(), openFolders: new Set<string>() };
  return {
    promote: (request, context) => promoteVm(parts, request, context),
    build: async (request, context) => {
      const chosen = chooseBuilder(request);
      if (chosen.by === "dockerfile") return buildDockerfile(parts, chosen.request, context);
      return buildImage(parts, chosen.request, context);
    },
    forgetStep: (name) => cache.forget(name),
    reconcile: async () => {
      await cache.reconcile();
      await sweepWorkshops(parts);
      await sweepDockerfileFolders(parts);
    },
  };
}
