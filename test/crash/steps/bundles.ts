/** Bundles of kernels: written, and pulled from a catalog. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
  const { world } = crash;
  const folder = bundleFolder(crash);
  const at = (name: string): string => join(folder, name);
  await importLittle(crash);
  const made = await world.json<Readonly<Record<string, unknown>>>(["kernel", "bundle", LITTLE, "--into", folder]);
  await world.ok(["kernel", "delete", LITTLE]);
  const { file, sha256, bytes, name, distro, arch } = made;
  const entry = { type: "kernel", name, distro, arch, description: "", bundle: { url: file, sha256, bytes } };
  writeFileSync(at("catalog.json"), JSON.stringify({ schema: 1, name: "acme", entries: [entry] }));
  const { publicKey } = await world.json<{ publicKey: string }>(["catalog", "keygen", at("key")]);
  await world.ok(["catalog", "sign", at("catalog.json"), "-s", at("key"), "--valid-for", "1d"]);
  await world.ok(["catalog", "add", "acme", at("catalog.json"), "--key", publicKey]);
}
