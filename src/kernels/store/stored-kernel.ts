/** A folder of the store as it is shown. What cannot be read is shown too, with its problems. */
import { z } from "zod";
import type { System } from "../../system/system.ts";
import type { StoredKernel } from "../kernels.ts";
import { readManifest } from "./kernel-store.ts";
import type { KernelManifest } from "./manifest.ts";

export interface ShownKernel {
  readonly stored: StoredKernel;
  /** Undefined when it cannot be read. */
  readonly manifest: KernelManifest | undefined;
}

/** Never fails. */
export async function showKernel(system: System, folder: string, name: string): Promise<ShownKernel> {
  try {
    const manifest = await readManifest(system, folder, name);
    return { manifest, stored: storedKernel(manifest, await problemsOf(system, folder, manifest)) };
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
    return { manifest: undefined, stored: unreadable(name, `its manifest.json cannot be read: ${why}`) };
  }
}

export function storedKernel(manifest: KernelManifest, problems: readonly string[]): StoredKernel {
  return {
    name: manifest.name,
    source: manifest.source,
    distro: manifest.distro,
    arch: manifest.arch,
    version: manifest.version,
    sha256: manifest.vmlinux.sha256,
    bytes: manifest.vmlinux.bytes + (manifest.modules?.bytes ?? 0),
    modules: manifest.modules === null ? [] : [...manifest.modules.names],
    createdAt: manifest.createdAt,
    problems: [...problems],
  };
}

/** What is wrong with the content of its files. */
export async function verifyKernel(
  system: System,
  folder: string,
  { vmlinux, modules }: KernelManifest,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const [file, digest] of [["vmlinux", vmlinux.sha256] as const, ["modules.cpio", modules?.sha256] as const]) {
    if (digest !== undefined && (await system.files.sha256(`${folder}/${file}`, signal)) !== digest)
      problems.push(`its ${file} was changed`);
  }
  return problems;
}

async function problemsOf(system: System, folder: string, manifest: KernelManifest): Promise<readonly string[]> {
  const wanted = [
    ["vmlinux", manifest.vmlinux.bytes] as const,
    ...(manifest.modules === null ? [] : [["modules.cpio", manifest.modules.bytes] as const]),
  ];
  const found = await Promise.all(
    wanted.map(async ([file, bytes]) => {
      const info = await system.files.find(`${folder}/${file}`);
      if (info?.kind !== "file") return `its ${file} is missing`;
      return info.bytes === bytes ? [] : `its ${file} has ${info.bytes} bytes instead of ${bytes}`;
    }),
  );
  return found.flat();
}

function unreadable(name: string, problem: string): StoredKernel {
  return {
    name,
    source: "unknown",
    distro: null,
    arch: "unknown",
    version: null,
    sha256: "",
    bytes: 0,
    modules: [],
    createdAt: 0,
    problems: [problem],
  };
}
