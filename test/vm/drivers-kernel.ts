/** The boot set for guests that consist of the agent alone: the ready kernel where there is one, else the distribution's. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import type { BootSet } from "../../src/kernels/kernels.ts";
import { makeInitrds } from "../../src/kernels/store/initrds.ts";
import { readManifest } from "../../src/kernels/store/kernel-store.ts";
import type { System } from "../../src/system/system.ts";
import { builtAgent } from "../host/drivers-world.ts";
import { openGoods } from "../support/goods.ts";
import { SHARED } from "../support/world.ts";

type Manifest = Parameters<ReturnType<typeof makeInitrds>["pathFor"]>[1];

export async function openBootSet(system: System): Promise<BootSet> {
  const ready = findReadyKernel();
  return ready === undefined ? distributionBootSet(system) : readyBootSet(system, ready);
}

async function readyBootSet(system: System, packed: string): Promise<BootSet> {
  const folder = join(system.layout.roots.cache, "ready");
  const kernelPath = join(folder, "vmlinux");
  await mkdir(folder, { recursive: true });
  await writeFile(kernelPath, zstdDecompressSync(readFileSync(packed)));
  // An initramfs of the agent alone: nothing else of a manifest is looked at.
  const initrdPath = await makeInitrds(system, builtAgent()).pathFor(folder, { name: "ready", modules: null } as Manifest);
  return { kernelPath, initrdPath, needsAcpi: true, version: null };
}

async function distributionBootSet(system: System): Promise<BootSet> {
  const { debianKernel } = await openGoods();
  const folder = join(SHARED, "data/banger/kernels", debianKernel);
  const manifest = await readManifest(system, folder, debianKernel);
  const initrdPath = await makeInitrds(system, builtAgent()).pathFor(folder, manifest);
  return { kernelPath: join(folder, "vmlinux"), initrdPath, needsAcpi: manifest.needsAcpi, version: manifest.version };
}

function findReadyKernel(): string | undefined {
  const folder = process.env["BANGER_TEST_KERNELS"] ?? resolve(import.meta.dir, "../../../shared/kernels");
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder).find((candidate) => /^vmlinux-.*\.zst$/.test(candidate));
  return name === undefined ? undefined : join(folder, name);
}
