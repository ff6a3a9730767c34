/** Bundles of kernels and images: written, and pulled from a catalog. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { offer } from "../../support/offered-bundle.ts";
import type { CrashWorld } from "../crash-world.ts";
import { ofImage, putImage, rootOf } from "./images.ts";
import { importLittle, ofKernel } from "./kernels.ts";
import { LITTLE, type Step, type Target } from "./step.ts";

/** A bundle of what `goods` is about, which is reset with it. */
const bundleOf = (goods: Pick<Step, "reset">) => ({
  look: (crash: CrashWorld): Target => {
    const names = readdirSync(bundleFolder(crash));
    const half = names.filter((name) => !/^little-amd64-[0-9a-f]{16}\.tar\.zst$/.test(name));
    if (half.length > 0) throw new Error(`left behind: ${half.join(", ")}`);
    return names.length > 0 ? "there" : "absent";
  },
  reset: async (crash: CrashWorld): Promise<void> => {
    await goods.reset(crash);
    rmSync(bundleFolder(crash), { recursive: true });
  },
});
const resetOffered =
  (goods: Pick<Step, "reset">) =>
  async (crash: CrashWorld): Promise<void> => {
    await goods.reset(crash);
    await crash.world.ok(["catalog", "remove", "acme"]);
    rmSync(bundleFolder(crash), { recursive: true });
  };

export const BUNDLE_STEPS: readonly Step[] = [
  {
    ...ofKernel,
    name: "kernel pull of a bundle",
    before: "absent",
    prepare: async (crash) => {
      await importLittle(crash);
      await offerBundle(crash, "kernel");
    },
    words: () => ["kernel", "pull", `acme/${LITTLE}`],
    done: "there",
    reset: resetOffered(ofKernel),
  },
  {
    ...bundleOf(ofKernel),
    name: "kernel bundle",
    before: "absent",
    prepare: importLittle,
    words: (crash) => ["kernel", "bundle", LITTLE, "--into", bundleFolder(crash)],
    done: "there",
  },
  {
    ...ofImage,
    name: "image pull of a bundle",
    before: "absent",
    prepare: async (crash) => {
      putImage(crash);
      await offerBundle(crash, "image");
    },
    words: () => ["image", "pull", `acme/${LITTLE}`],
    done: "there",
    reset: resetOffered(ofImage),
  },
  {
    ...bundleOf(ofImage),
    name: "image bundle",
    before: "absent",
    prepare: async (crash) => putImage(crash),
    words: (crash) => ["image", "bundle", LITTLE, "--into", bundleFolder(crash)],
    done: "there",
  },
  {
    ...bundleOf(ofImage),
    name: "internal make-bundle",
    before: "absent",
    prepare: async (crash) => void rootOf(crash),
    words: (crash) => ["internal", "make-bundle", LITTLE, "--from", rootOf(crash), "--into", bundleFolder(crash)],
    done: "there",
  },
];

function bundleFolder({ world }: CrashWorld): string {
  const folder = join(world.folder, "bundles");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A catalog with a bundle of the little kernel or image, which is itself gone again. */
async function offerBundle(crash: CrashWorld, type: "kernel" | "image"): Promise<void> {
  const folder = bundleFolder(crash);
  const { publicKey } = await offer(crash.world, type, LITTLE, folder);
  await crash.world.ok(["catalog", "add", "acme", join(folder, "catalog.json"), "--key", publicKey]);
}
