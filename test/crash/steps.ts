/** What is done to a vm or to goods while the daemon dies, fails or waits: each verb that changes something. */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEBIAN_KERNEL, IMAGE } from "../support/goods.ts";
import { placesLeft } from "../support/little-bootstrap.ts";
import { makeSilentKernel } from "../support/silent-kernel.ts";
import { SHARED } from "../support/world.ts";
import { dumpDatabase, listVms } from "../support/world-state.ts";
import { PROGRAMS, type CrashWorld } from "./crash-world.ts";

/** How the thing is that a step is about. `changed`: as the step wants it. */
export type Target = "absent" | "there" | "stopped" | "running" | "paused" | "broken" | "changed";

export interface Step {
  readonly name: string;
  /** Brings the thing into the state `before`, from `absent`. */
  prepare(crash: CrashWorld): Promise<void>;
  /** What else there is to do once all is in order, after which nothing is asked of a daemon before the words. */
  atLast?(crash: CrashWorld): Promise<void>;
  readonly words: (crash: CrashWorld) => readonly string[];
  readonly before: Target;
  /** When the command said that it was done. */
  readonly done: Target;
  /** What else it may be when the command was cut off, besides `before` and `done`. */
  readonly between?: readonly Target[];
  look(crash: CrashWorld): Target;
  /** The daemon does nothing outside of itself for it: there is no point at which it could be cut off. */
  readonly isPassedOn?: boolean;
  /** Back to `absent`. */
  reset(crash: CrashWorld): Promise<void>;
}

const NAME = "target";
const OTHER_NAME = "renamed";
/** A kernel and an image. */
const LITTLE = "little";

const create = (more: readonly string[] = []) => ["vm", "create", NAME, ...more] as const;
const withKernel = ({ goods }: CrashWorld, words: readonly string[]): readonly string[] => [...words, "--kernel", goods.kernel];

const ofVm = {
  look: ({ world }: CrashWorld): Target => (listVms(world).find(({ name }) => name === NAME)?.state as Target | undefined) ?? "absent",
  reset: async ({ world }: CrashWorld): Promise<void> => {
    for (const { name } of listVms(world)) if (name === NAME || name === OTHER_NAME) await world.ok(["vm", "delete", "--force", name]);
  },
};
const absent = { ...ofVm, before: "absent", prepare: async () => undefined } as const;
const stopped = {
  ...ofVm,
  before: "stopped",
  prepare: async (crash: CrashWorld) => void (await crash.world.ok(withKernel(crash, create(["--no-start"])))),
} as const;
const running = {
  ...ofVm,
  before: "running",
  prepare: async (crash: CrashWorld) => void (await crash.world.ok(withKernel(crash, create()))),
} as const;
const paused = {
  ...ofVm,
  before: "paused",
  prepare: async (crash: CrashWorld) => {
    await running.prepare(crash);
    await crash.world.ok(["vm", "pause", NAME]);
  },
} as const;
const ofKernel = {
  look: ({ world }: CrashWorld): Target => (existsSync(join(world.folder, "data/banger/kernels", LITTLE)) ? "there" : "absent"),
  reset: async (crash: CrashWorld): Promise<void> => {
    if (ofKernel.look(crash) === "there") await crash.world.ok(["kernel", "delete", LITTLE]);
  },
};
const importLittle = async (crash: CrashWorld): Promise<void> =>
  void (await crash.world.ok(["kernel", "import", LITTLE, "--from", kernelFolder(crash)]));
const ofRenamed = {
  look: (crash: CrashWorld): Target => {
    const isRenamed = existsSync(join(crash.world.folder, "data/banger/kernels", OTHER_NAME));
    // Under both names it is on its way, and the same words go on.
    return ofKernel.look(crash) === "there" ? "there" : isRenamed ? "changed" : "absent";
  },
  reset: async (crash: CrashWorld): Promise<void> => {
    await ofKernel.reset(crash);
    if (ofRenamed.look(crash) === "changed") await crash.world.ok(["kernel", "delete", OTHER_NAME]);
  },
};
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
const ofImage = {
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
const pullImage = ["image", "pull", IMAGE, "--as", LITTLE] as const;

export const STEPS: readonly Step[] = [
  { ...absent, name: "vm create", words: (crash) => withKernel(crash, create()), done: "running", between: ["stopped"] },
  { ...absent, name: "vm create --nat", words: (crash) => withKernel(crash, create(["--nat"])), done: "running", between: ["stopped"] },
  { ...absent, name: "vm create --ephemeral", words: (crash) => withKernel(crash, create(["--ephemeral"])), done: "running" },
  { ...absent, name: "vm create --no-start", words: (crash) => withKernel(crash, create(["--no-start"])), done: "stopped" },
  { ...stopped, name: "vm start", words: () => ["vm", "start", NAME], done: "running" },
  { ...running, name: "vm stop", words: () => ["vm", "stop", NAME], done: "stopped" },
  { ...running, name: "vm kill", words: () => ["vm", "kill", NAME], done: "stopped" },
  {
    ...running,
    name: "vm kill of an ephemeral one",
    prepare: async (crash) => void (await crash.world.ok(withKernel(crash, create(["--ephemeral"])))),
    words: () => ["vm", "kill", NAME],
    done: "absent",
  },
  { ...stopped, name: "vm delete", words: () => ["vm", "delete", NAME], done: "absent" },
  { ...running, name: "vm delete --force", words: () => ["vm", "delete", "--force", NAME], done: "absent", between: ["stopped"] },
  { ...running, name: "vm pause", words: () => ["vm", "pause", NAME], done: "paused" },
  { ...paused, name: "vm resume", words: () => ["vm", "resume", NAME], done: "running" },
  {
    ...running,
    name: "vm set",
    words: () => ["vm", "set", NAME, "--memory", "300M", "--env", "CHANGED=1"],
    done: "changed",
    look: (crash) => (planOf(crash).includes("CHANGED") ? "changed" : ofVm.look(crash)),
  },
  {
    ...running,
    name: "vm rename",
    words: () => ["vm", "rename", NAME, OTHER_NAME],
    done: "changed",
    look: (crash) => (listVms(crash.world).some(({ name }) => name === OTHER_NAME) ? "changed" : ofVm.look(crash)),
  },
  {
    ...running,
    name: "vm cp",
    isPassedOn: true,
    words: (crash) => ["vm", "cp", fileToCopy(crash), `${NAME}:${copyOf(crash)}`],
    done: "running",
    reset: async (crash) => {
      await running.reset(crash);
      // The guests of driver fake share our files.
      rmSync(copyOf(crash), { force: true });
    },
  },
  { ...running, name: "vm exec", isPassedOn: true, words: () => ["vm", "exec", NAME, "--", "true"], done: "running" },
  {
    ...ofKernel,
    name: "kernel import",
    before: "absent",
    prepare: async () => undefined,
    words: (crash) => ["kernel", "import", LITTLE, "--from", kernelFolder(crash)],
    done: "there",
  },
  {
    ...ofKernel,
    name: "kernel pull",
    before: "absent",
    prepare: async ({ world }) => cpSync(join(SHARED, DOWNLOADS), join(world.folder, DOWNLOADS), { recursive: true }),
    words: () => ["kernel", "pull", DEBIAN_KERNEL, "--as", LITTLE],
    done: "there",
  },
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
  {
    ...ofRenamed,
    name: "kernel rename",
    before: "there",
    prepare: importLittle,
    words: () => ["kernel", "rename", LITTLE, OTHER_NAME],
    done: "changed",
  },
  {
    ...ofKernel,
    name: "kernel delete",
    before: "there",
    prepare: importLittle,
    words: () => ["kernel", "delete", LITTLE],
    done: "absent",
  },
  {
    ...ofKernel,
    name: "system prune",
    before: "there",
    prepare: importLittle,
    words: () => ["system", "prune", "--yes", "--kernels"],
    done: "absent",
  },
  { ...ofImage, name: "image pull", before: "absent", prepare: async () => undefined, words: () => pullImage, done: "there" },
  {
    ...ofImage,
    name: "image delete",
    before: "there",
    prepare: async ({ world }) => void (await world.ok(pullImage)),
    words: () => ["image", "delete", LITTLE],
    done: "absent",
  },
  {
    ...running,
    name: "a daemon's first start",
    atLast: async ({ world }) => {
      await world.ok(["daemon", "stop"]);
      rmSync(join(world.folder, "cache/banger"), { recursive: true });
    },
    words: () => ["vm", "list"],
    done: "running",
  },
  { ...running, name: "daemon stop", words: () => ["daemon", "stop"], done: "running" },
];

const DOWNLOADS = "cache/banger/downloads";

function fileToCopy({ world }: CrashWorld): string {
  const path = join(world.folder, "to-copy");
  writeFileSync(path, "copied ".repeat(60_000));
  return path;
}

const copyOf = ({ world, driver }: CrashWorld): string => (driver === "fake" ? join(world.folder, "copied") : "/root/copied");

const planOf = ({ world }: CrashWorld): string => String(dumpDatabase(world).vms.find(({ name }) => name === NAME)?.["plan"]);

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

function kernelFolder({ world }: CrashWorld): string {
  const folder = join(world.folder, "kernel");
  if (!existsSync(folder)) {
    mkdirSync(folder);
    writeFileSync(join(folder, "vmlinux"), makeSilentKernel("hello"));
  }
  return folder;
}
