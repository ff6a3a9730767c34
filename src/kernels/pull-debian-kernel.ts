/** `kernel pull` of what a Debian archive has: index, download, unpack, store. */
import { BangerError } from "../contract/errors.ts";
import type { DebianArchive, PackageFiles, VerifiedPackage } from "../catalog/catalog.ts";
import type { OperationContext } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import { assembleKernel, type AssembledKernel } from "./assemble-kernel.ts";
import type { FileTree } from "./file-tree.ts";
import type { KernelStore } from "./store/kernel-store.ts";
import type { KernelManifest } from "./store/manifest.ts";

/** What an entry of a catalog says of it. */
export interface DebianKernel {
  readonly suite: string;
  /** The meta package that depends on the newest kernel, or one that has a kernel. */
  readonly package: string;
}

export async function pullDebianKernel(
  parts: { readonly system: System; readonly archive: DebianArchive; readonly store: KernelStore },
  entry: DebianKernel,
  as: string,
  context: OperationContext,
): Promise<KernelManifest> {
  const { system, archive, store } = parts;
  await using folder = await store.openFolder(as, context.operationId);
  const wanted = await context.stage("index", async (stage) => {
    const found = await findKernelPackage(archive, entry, context.signal);
    stage.note(`${found.name} ${found.version}`);
    return found;
  });
  const path = await context.stage("download", (stage) =>
    archive.fetchPackage(wanted, { signal: context.signal, onProgress: (done, total) => stage.progress(done, total, "bytes") }),
  );
  const kernel = await context.stage("unpack", async (stage) => {
    await using files = await archive.openPackage(wanted, path, `${folder.path}/data.tar`, context.signal);
    const assembled = await assembleFrom(system, files, wanted, context.signal);
    stage.note(`Linux ${assembled.version ?? "of unknown version"}, ${assembled.moduleNames.length} modules`);
    return assembled;
  });
  const { name, version, sha256 } = wanted;
  return await context.stage("store", () =>
    folder.keep(kernel, { name: as, source: "debian-archive", package: { name, version, sha256, suite: entry.suite }, distro: "debian" }),
  );
}

/** The meta package depends on exactly the newest kernel; a package that has the kernel itself is taken as it is. */
async function findKernelPackage(archive: DebianArchive, entry: DebianKernel, signal: AbortSignal): Promise<VerifiedPackage> {
  const meta = await archive.findPackage(entry.suite, entry.package, { signal });
  const real = meta.depends.map((alternatives) => alternatives[0]).find((first) => first?.name.startsWith("linux-image-"));
  if (real === undefined) return meta;
  return archive.findPackage(entry.suite, real.name, {
    signal,
    ...(real.relation === "=" && real.version !== undefined ? { version: real.version } : {}),
  });
}

function assembleFrom(system: System, files: PackageFiles, wanted: VerifiedPackage, signal: AbortSignal): Promise<AssembledKernel> {
  const tree: FileTree = { names: files.list().map(({ name }) => name), read: (name, maxBytes) => files.read(name, maxBytes) };
  const [kernel, second] = tree.names.filter((name) => /^boot\/vmlinuz-[^/]+$/.test(name));
  if (kernel === undefined || second !== undefined) {
    throw new BangerError(
      "unsupported",
      "not_a_kernel_package",
      `cannot use package ${wanted.name}: it does not have exactly one boot/vmlinuz-*`,
    );
  }
  const version = kernel.slice("boot/vmlinuz-".length);
  const config = `boot/config-${version}`;
  return assembleKernel(
    system,
    {
      tree,
      kernel,
      config: tree.names.includes(config) ? config : undefined,
      modulesFolder: () => `lib/modules/${version}`,
      needsAcpi: undefined,
    },
    signal,
  );
}
