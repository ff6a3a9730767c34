/** Bundles of kernels: written, and pulled from a catalog. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { offerKernel } from "../../support/offered-bundle.ts";
import type { CrashWorld } from "../crash-world.ts";
import { importLittle, ofKernel } from "./kernels.ts";
import { LITTLE, type Step, type Target } from "./step.ts";

const ofBundle = {
  look: (crash: CrashWorld): Target => {
    const names = readdirSync(bundleFolder(crash));
    const half = names.filter((name) => !/^little-amd64-[0-9a-f]{16}\.tar\.zst$/.test(name));
    if (half.length > 0) throw new Error(`left behind: ${half.join(", ")}`);
    return names.length > 0 ? "there" : "absent";
  },
  reset: async (crash: CrashWorld): Promise<void> => {
    await ofKernel.reset(crash);
    rmSync(bundleFolder(crash), { recursive: true });
  },
};

export const BUNDLE_STEPS: readonly Step[] = [
  {
    ...ofKernel,
    name: "kernel pull of a bundle",
    before: "absent",
    prepare: offerBundle,
    words: () => ["kernel", "pull", `acme/${LITTLE}`],
    done: "there",
    reset: async (crash) => {
      await ofKernel.reset(crash);
      await crash.world.ok(["catalog", "remove", "acme"]);
      rmSync(bundleFolder(crash), { recursive: true });
    },
  },
  {
    ...ofBundle,
    name: "kernel bundle",
    before: "absent",
    prepare: importLittle,
    words: (crash) => ["kernel", "bundle", LITTLE, "--into", bundleFolder(crash)],
    done: "there",
  },
];

function bundleFolder({ world }: CrashWorld): string {
  const folder = join(world.folder, "bundles");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A catalog with a bundle of the little kernel, which is itself gone again. */
async function offerBundle(crash: CrashWorld): Promise<void> {
  const folder = bundleFolder(crash);
  await importLittle(crash);
  const { publicKey } = await offerKernel(crash.world, LITTLE, folder);
  await crash.world.ok(["catalog", "add", "acme", join(folder, "catalog.json"), "--key", publicKey]);
}
