/** Images: pulled, imported, registered, promoted, given further names, and deleted. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { IMAGE } from "../../support/goods.ts";
import { putLittleImage } from "../../support/little-image.ts";
import { littleLayout } from "../../support/little-layout.ts";
import { makeFileSystem, makeQcow2, MIB } from "../../support/made-disks.ts";
import { placesLeft } from "../../support/noted-places.ts";
import { PROGRAMS, type CrashWorld } from "../crash-world.ts";
import { running } from "./vms.ts";
import { LITTLE, NAME, OTHER_NAME, type Step, type Target } from "./step.ts";

export const ofImage = {
  look: ({ world }: CrashWorld): Target => {
    // Where it is put together is no folder of the world's.
    const left = placesLeft(join(world.folder, PROGRAMS));
    if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
    return existsSync(join(world.folder, "data/banger/images", LITTLE)) ? "there" : "absent";
  },
  reset: async (crash: CrashWorld): Promise<void> => {
    if (ofImage.look(crash) === "there") await crash.world.ok(["image", "delete", LITTLE]);
  },
};
/** One with a work seed of 20 GiB, which takes no time. */
export const putImage = ({ world }: CrashWorld): void => void putLittleImage(join(world.folder, "data/banger/images"), LITTLE);
const ofTagged = {
  look: (crash: CrashWorld): Target => {
    const isTagged = existsSync(join(crash.world.folder, "data/banger/images", OTHER_NAME));
    return isTagged ? "changed" : ofImage.look(crash);
  },
  reset: async (crash: CrashWorld): Promise<void> => {
    await ofImage.reset(crash);
    if (ofTagged.look(crash) === "changed") await crash.world.ok(["image", "delete", OTHER_NAME]);
  },
};
const pullImage = ["image", "pull", IMAGE, "--name", LITTLE] as const;

const layoutOf = ({ world }: CrashWorld): string => littleLayout(join(world.folder, "little-image"));

/** A folder to be imported. */
export const rootOf = ({ world }: CrashWorld): string => {
  const root = join(world.folder, "little-root");
  mkdirSync(join(root, "etc"), { recursive: true });
  writeFileSync(join(root, "etc/os-release"), "ID=little\n");
  return root;
};

/** A disk in the form that takes the most steps. */
const diskOf = (crash: CrashWorld): string => {
  const path = join(crash.world.folder, "little-disk");
  if (!existsSync(path)) makeQcow2(makeFileSystem("ext4", rootOf(crash), `${path}.ext4`, MIB), path);
  return path;
};

export const IMAGE_STEPS: readonly Step[] = [
  { ...ofImage, name: "image pull", before: "absent", prepare: async () => undefined, words: () => pullImage, done: "there" },
  {
    ...ofImage,
    name: "image pull of layers",
    before: "absent",
    prepare: async ({ world }) => rmSync(join(world.folder, "cache/banger/downloads"), { recursive: true, force: true }),
    words: (crash) => ["image", "pull", layoutOf(crash), "--name", LITTLE],
    done: "there",
  },
  {
    ...ofTagged,
    name: "image rename",
    before: "there",
    prepare: async (crash) => putImage(crash),
    words: () => ["image", "rename", LITTLE, OTHER_NAME],
    done: "changed",
  },
  {
    ...ofTagged,
    name: "image tag",
    before: "there",
    prepare: async (crash) => putImage(crash),
    words: () => ["image", "tag", LITTLE, OTHER_NAME],
    done: "changed",
  },
  {
    ...ofImage,
    name: "image import",
    before: "absent",
    prepare: async (crash) => void rootOf(crash),
    words: (crash) => ["image", "import", LITTLE, "--from", rootOf(crash)],
    done: "there",
  },
  {
    ...ofImage,
    name: "image build",
    before: "absent",
    prepare: async (crash) => {
      writeFileSync(
        join(crash.world.folder, "recipe.toml"),
        `kernel = "${crash.goods.kernel}"\nnetwork = false\n[[steps]]\nrun = "true"\n`,
      );
    },
    words: (crash) => ["image", "build", LITTLE, "--from-image", IMAGE, "-f", join(crash.world.folder, "recipe.toml"), "--no-cache"],
    done: "there",
  },
  {
    ...ofImage,
    name: "image build of a Dockerfile",
    before: "absent",
    prepare: async (crash) => writeFileSync(join(rootOf(crash), "Dockerfile"), "FROM scratch\nCOPY etc /etc\n"),
    words: (crash) => ["image", "build", LITTLE, "-f", join(rootOf(crash), "Dockerfile")],
    done: "there",
    look: (crash) => {
      const folder = join(crash.world.folder, "data/banger/buildah");
      const left = existsSync(folder) ? readdirSync(folder) : [];
      if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
      return ofImage.look(crash);
    },
  },
  {
    ...running,
    name: "image promote",
    look: (crash) => (ofImage.look(crash) === "there" ? "there" : running.look(crash)),
    reset: async (crash) => {
      await ofImage.reset(crash);
      await running.reset(crash);
    },
    words: () => ["image", "promote", NAME, LITTLE],
    done: "there",
  },
  {
    ...ofImage,
    name: "image register",
    before: "absent",
    prepare: async (crash) => void diskOf(crash),
    words: (crash) => ["image", "register", LITTLE, "--from", diskOf(crash)],
    done: "there",
  },
  {
    ...ofImage,
    name: "image delete",
    before: "there",
    prepare: async ({ world }) => void (await world.ok(pullImage)),
    words: () => ["image", "delete", LITTLE],
    done: "absent",
  },
];
