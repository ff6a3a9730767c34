/** Kernels built from a source of this computer, by the little compiler. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { placesLeft } from "../../support/noted-places.ts";
import { packSource, writeSource } from "../../support/little-compiler.ts";
import { PROGRAMS, type CrashWorld } from "../crash-world.ts";
import { ofKernel } from "./kernels.ts";
import { LITTLE, type Step, type Target } from "./step.ts";

/** So long that who dies when it has begun to compile leaves a compiler at work. */
const COMPILE_SECONDS = "0.3";

const sourceOf = ({ world }: CrashWorld): string => join(world.folder, "linux");
const tarballOf = ({ world }: CrashWorld): string => join(world.folder, "linux.tar.xz");

const ofBuild = {
  before: "absent",
  done: "there",
  look: (crash: CrashWorld): Target => {
    // Where it is built is no folder of the world's.
    const left = placesLeft(join(crash.world.folder, PROGRAMS));
    if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
    return ofKernel.look(crash);
  },
} as const;

export const BUILD_STEPS: readonly Step[] = [
  {
    ...ofBuild,
    name: "kernel build of a folder",
    prepare: async (crash) => writeSource(sourceOf(crash), { seconds: COMPILE_SECONDS }),
    words: (crash) => ["kernel", "build", LITTLE, "--source", sourceOf(crash)],
    look: (crash) => {
      const names = readdirSync(sourceOf(crash)).toSorted();
      if (names.join() !== "Makefile,drivers,elf,seconds") throw new Error(`the source has become ${names.join()}`);
      return ofBuild.look(crash);
    },
    reset: async (crash) => {
      await ofKernel.reset(crash);
      rmSync(sourceOf(crash), { recursive: true });
    },
  },
  {
    ...ofBuild,
    name: "kernel build of a tarball",
    prepare: async (crash) => writeFileSync(tarballOf(crash), packed(crash)),
    words: (crash) => ["kernel", "build", LITTLE, "--source", tarballOf(crash)],
    look: (crash) => {
      if (!readFileSync(tarballOf(crash)).equals(packed(crash))) throw new Error("the tarball was changed");
      return ofBuild.look(crash);
    },
    reset: async (crash) => {
      await ofKernel.reset(crash);
      rmSync(tarballOf(crash));
    },
  },
];

let packedOnce: Buffer | undefined;
const packed = ({ world }: CrashWorld): Buffer => (packedOnce ??= packSource(world.folder));
