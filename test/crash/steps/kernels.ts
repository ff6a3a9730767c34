/** Kernels: imported, pulled, renamed and deleted. */
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEBIAN_KERNEL } from "../../support/goods.ts";
import { makeSilentKernel } from "../../support/silent-kernel.ts";
import { SHARED } from "../../support/world.ts";
import type { CrashWorld } from "../crash-world.ts";
import { LITTLE, OTHER_NAME, type Step, type Target } from "./step.ts";

const DOWNLOADS = "cache/banger/downloads";

export const ofKernel = {
  look: ({ world }: CrashWorld): Target => (existsSync(join(world.folder, "data/banger/kernels", LITTLE)) ? "there" : "absent"),
  reset: async (crash: CrashWorld): Promise<void> => {
    if (ofKernel.look(crash) === "there") await crash.world.ok(["kernel", "delete", LITTLE]);
  },
};
export const importLittle = async (crash: CrashWorld): Promise<void> =>
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

export const KERNEL_STEPS: readonly Step[] = [
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
];

function kernelFolder({ world }: CrashWorld): string {
  const folder = join(world.folder, "kernel");
  if (!existsSync(folder)) {
    mkdirSync(folder);
    writeFileSync(join(folder, "vmlinux"), makeSilentKernel("hello"));
  }
  return folder;
}
