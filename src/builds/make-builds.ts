/** The room's factory. */
import type { Images } from "../images/images.ts";
import type { Leases } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import type { Vms } from "../vms/vms.ts";
import type { Builds } from "./builds.ts";
import { buildImage } from "./build-image.ts";
import { promoteVm } from "./promote.ts";
import { makeStepCache } from "./step-cache.ts";
import { sweepWorkshops } from "./workshop.ts";

export interface BuildsDependencies {
  readonly system: System;
  readonly vms: Vms;
  readonly images: Images;
  readonly leases: Leases;
  readonly onTrouble: () => void;
}

export function makeBuilds(dependencies: BuildsDependencies): Builds {
  const cache = makeStepCache(dependencies);
  const parts = { ...dependencies, cache, open: new Set<string>() };
  return {
    promote: (request, context) => promoteVm(parts, request, context),
    build: (request, context) => buildImage(parts, request, context),
    forgetSteps: () => cache.clear(),
    reconcile: async () => {
      await cache.reconcile();
      await sweepWorkshops(parts);
    },
  };
}
