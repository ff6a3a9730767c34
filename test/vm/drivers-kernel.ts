/** The boot set for guests that consist of the agent alone: the ready kernel where there is one, else the distribution's. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { makeInitrds } from "../../src/kernels/store/initrds.ts";
import type { BootSet } from "../../src/kernels/kernels.ts";
import type { System } from "../../src/system/system.ts";
import { builtAgent } from "../host/drivers-world.ts";

export async function openBootSet(system: System): Promise<BootSet> {
  const ready = findReadyKernel();
  if (ready === undefined) throw new Error("no kernel");
  const folder = join(system.layout.roots.cache, "ready");
  const kernelPath = join(folder, "vmlinux");
  await mkdir(folder, { recursive: true });
  await writeFile(kernelPath, zstdDecompressSync(readFileSync(ready)));
  const initrds = makeInitrds(system, builtAgent());
  const initrdPath = await initrds.pathFor(folder, { name: "ready", modules: null } as Parameters<typeof initrds.pathFor>[1]);
  return { kernelPath, initrdPath, needsAcpi: true, version: null };
}

function findReadyKernel(): string | undefined {
  const folder = process.env["BANGER_TEST_KERNELS"] ?? resolve(import.meta.dir, "../../../shared/kernels");
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder).find((candidate) => /^vmlinux-.*\.zst$/.test(candidate));
  return name === undefined ? undefined : join(folder, name);
}
