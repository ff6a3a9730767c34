/** The kernels and the image that guests of the tests boot: pulled once for all tests, kept between runs. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { closeWorld, openWorld, REPOSITORY, SHARED } from "./world.ts";

export const IMAGE = "debian-bookworm";
/** The distribution's kernel, which every test must pass with. */
export const DEBIAN_KERNEL = "debian-6.12";
const READY_KERNEL = "generic-6.12";

export interface Goods {
  readonly image: string;
  readonly debianKernel: string;
  /** The kernel for most tests: a ready one that boots three times faster where there is one, else the distribution's. */
  readonly kernel: string;
}

let goods: Promise<Goods> | undefined;

/** Pulls what is missing. */
export function openGoods(): Promise<Goods> {
  return (goods ??= prepare());
}

async function prepare(): Promise<Goods> {
  await mkdir(SHARED, { recursive: true });
  const world = await openWorld();
  try {
    const has = async (noun: "kernel" | "image", name: string): Promise<boolean> =>
      (await world.banger([noun, "show", name, "--json"])).code === 0;
    if (!(await has("kernel", DEBIAN_KERNEL))) await world.ok(["kernel", "pull", DEBIAN_KERNEL], { timeoutMs: 600_000 });
    if (!(await has("image", IMAGE))) await world.ok(["image", "pull", IMAGE], { timeoutMs: 600_000 });
    const ready = findReadyKernel();
    if (ready !== undefined && !(await has("kernel", READY_KERNEL))) {
      const folder = await mkdtemp(join(SHARED, "ready-kernel-"));
      writeFileSync(join(folder, "vmlinux"), zstdDecompressSync(readFileSync(ready)));
      writeFileSync(join(folder, "metadata.json"), JSON.stringify({ kernel: "vmlinux", version: "6.12.117", needsAcpi: false }));
      await world.ok(["kernel", "import", READY_KERNEL, "--from", folder]);
      await rm(folder, { recursive: true });
    }
    return { image: IMAGE, debianKernel: DEBIAN_KERNEL, kernel: ready === undefined ? DEBIAN_KERNEL : READY_KERNEL };
  } finally {
    await closeWorld(world);
  }
}

function findReadyKernel(): string | undefined {
  const folder = process.env["BANGER_TEST_KERNELS"] ?? resolve(REPOSITORY, "../shared/kernels");
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder).find((candidate) => /^vmlinux-.*\.zst$/.test(candidate));
  return name === undefined ? undefined : join(folder, name);
}
