/** From the files of a kernel to what is stored: the ELF, what it needs, and the archive of its modules. */
import { BangerError } from "../contract/errors.ts";
import type { System } from "../system/system.ts";
import { extractVmlinux } from "./extract-vmlinux.ts";
import type { FileTree } from "./file-tree.ts";
import { makeCpio } from "./formats/cpio.ts";
import { findEmbeddedConfig, parseKernelConfig, type KernelConfig } from "./formats/kernel-config.ts";
import { sha256Of } from "./formats/in-pieces.ts";
import { collectModules, type LoadableModule } from "./modules/collect-modules.ts";

export interface KernelPlace {
  readonly tree: FileTree;
  readonly kernel: string;
  readonly config: string | undefined;
  /** The folder of modules for a version (undefined when that is not known), or undefined when there is none. */
  modulesFolder(version: string | undefined): string | undefined;
  /** What a person said about it; undefined to find out. */
  readonly needsAcpi: boolean | undefined;
  /** Of the kernel file, when somebody announced it. */
  readonly sha256?: string | undefined;
}

export interface AssembledKernel {
  readonly vmlinux: Uint8Array;
  readonly version: string | undefined;
  readonly needsAcpi: boolean;
  /** Why, for people. */
  readonly acpiReason: string;
  readonly moduleNames: readonly string[];
  /** Undefined when nothing needs loading. */
  readonly modulesCpio: Uint8Array | undefined;
}

const KERNEL_FILE_MAX_BYTES = 512 * 2 ** 20;
const CONFIG_MAX_BYTES = 4 * 2 ** 20;

/** Throws what `extractVmlinux` and `collectModules` throw. */
export async function assembleKernel(system: System, place: KernelPlace, signal: AbortSignal): Promise<AssembledKernel> {
  const file = await place.tree.read(place.kernel, KERNEL_FILE_MAX_BYTES);
  await checkDigest(file, place);
  const { bytes: vmlinux, version } = await extractVmlinux(system, file, place.kernel, signal);
  const config = await readConfig(system, place, vmlinux, signal);
  const folder = place.modulesFolder(version);
  const modules = await collectModules(system, { tree: place.tree, folder, config, version }, signal);
  return {
    vmlinux,
    version,
    ...decideAcpi(place.needsAcpi, config),
    moduleNames: modules.map(({ name }) => name),
    modulesCpio: modules.length === 0 ? undefined : makeModulesCpio(modules),
  };
}

/** Of the very bytes that are used: the file could be another one when it is read again. */
async function checkDigest(file: Uint8Array, { kernel, sha256 }: KernelPlace): Promise<void> {
  if (sha256 === undefined) return;
  const found = await sha256Of(file);
  if (found === sha256) return;
  throw new BangerError(
    "refused",
    "digest_mismatch",
    `cannot use the kernel ${kernel}: its sha256 is ${found}, and ${sha256} was announced`,
  );
}

async function readConfig(system: System, place: KernelPlace, vmlinux: Uint8Array, signal: AbortSignal): Promise<KernelConfig | undefined> {
  const text =
    place.config === undefined
      ? await findEmbeddedConfig(system, vmlinux, signal)
      : new TextDecoder().decode(await place.tree.read(place.config, CONFIG_MAX_BYTES));
  return text === undefined ? undefined : parseKernelConfig(text);
}

/** Without ACPI a kernel learns of its devices from the command line alone, which must be built in. Measured: with ACPI any kernel boots. */
function decideAcpi(said: boolean | undefined, config: KernelConfig | undefined): Pick<AssembledKernel, "needsAcpi" | "acpiReason"> {
  if (said !== undefined) return { needsAcpi: said, acpiReason: "metadata.json says so" };
  if (config === undefined) return { needsAcpi: true, acpiReason: "its configuration is not known, and with ACPI any kernel boots" };
  const needsAcpi = !config.isBuiltIn("VIRTIO_MMIO_CMDLINE_DEVICES");
  return { needsAcpi, acpiReason: `its configuration has CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES ${needsAcpi ? "off" : "on"}` };
}

/** `/banger/modules/NAME.ko`, and their file names in load order in `/banger/modules.list`: what the guest agent reads. */
function makeModulesCpio(modules: readonly LoadableModule[]): Uint8Array {
  const list = modules.map(({ name }) => `${name}.ko\n`).join("");
  return makeCpio([
    { kind: "folder", name: "banger", mode: 0o755 },
    { kind: "folder", name: "banger/modules", mode: 0o755 },
    ...modules.map(({ name, content }) => ({ kind: "file", name: `banger/modules/${name}.ko`, mode: 0o644, content }) as const),
    { kind: "file", name: "banger/modules.list", mode: 0o644, content: new TextEncoder().encode(list) },
  ]);
}
