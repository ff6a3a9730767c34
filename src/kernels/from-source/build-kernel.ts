/** `kernel build`: tools, source, verify, unpack, configure, compile, store. */
import type { Leases, OperationContext } from "../../operations/operations.ts";
import { BangerError } from "../../contract/errors.ts";
import { exactSize } from "../../contract/sizes.ts";
import { isOfThePath, pathOf, reasonOf } from "../../contract/system-error.ts";
import type { System } from "../../system/system.ts";
import { assembleKernel, type AssembledKernel } from "../assemble-kernel.ts";
import type { BuildRequest } from "../kernels.ts";
import type { KernelStore } from "../store/kernel-store.ts";
import type { KernelManifest } from "../store/manifest.ts";
import { BUILD_PLACE, openBuildFolder } from "./build-folder.ts";
import { openBuildLog, type BuildLog } from "./build-log.ts";
import { checkBuildTools } from "./build-tools.ts";
import { checkFragment, parseFragment, type WantedOption } from "./fragment.ts";
import { getSource, type SourceParts } from "./get-source.ts";
import { runMake } from "./run-make.ts";
import { whereThereIsRoom } from "./where-there-is-room.ts";

export interface KernelBuilding extends Omit<SourceParts, "system" | "archive"> {
  /** The configuration that travels inside the program, and the release that it was made for. */
  readonly ownConfig: { readonly path: string; readonly version: string };
  /** Compilers at work at the same time. */
  readonly jobs: number;
  /** Free bytes without which a build does not begin. */
  readonly leastBytes: number;
}

interface Parts extends SourceParts, KernelBuilding {
  readonly store: KernelStore;
  readonly leases: Leases;
  /** Paths of the folders of builds under way. */
  readonly open: Set<string>;
}

interface Fragment {
  readonly path: string;
  readonly text: string;
  readonly wanted: readonly WantedOption[];
}

const CONFIG_MAX_BYTES = 2 ** 20;
/** Among what make puts there, which has a folder `kernel`. */
const STRIPPED = "vmlinux.stripped-by-banger";
const FINAL_CONFIG_MAX_BYTES = 4 * 2 ** 20;
const CONFIGURE_MS = 15 * 60_000;
const COMPILE_MS = 6 * 3_600_000;
const STRIP_MS = 120_000;

export async function buildKernel(parts: Parts, request: BuildRequest, context: OperationContext): Promise<KernelManifest> {
  const { system } = parts;
  const { signal } = context;
  try {
    await using folder = await parts.store.openFolder(request.name, context.operationId);
    const inRoom = <T>(body: () => Promise<T>): Promise<T> => whereThereIsRoom(system, request.name, body);
    await using work = await inRoom(() => openBuildFolder(system, parts.leases, context.operationId, parts.open));
    const kernel = await inRoom(() => compile(parts, request, work.path, context));
    const distro = request.source === "apt" ? "debian" : null;
    return await context.stage("store", () => folder.keep(kernel, { name: request.name, source: "build", package: null, distro }));
  } catch (error) {
    // Whatever a child that was told to end had to say.
    if (!signal.aborted) throw unusable(request, error) ?? error;
    throw new BangerError("cancelled", "cancelled", `cannot build kernel ${request.name}: it was cancelled`, { cause: error });
  }
}

/** A source or a configuration of the user's that cannot be read is told as that. */
function unusable({ name, source, config }: BuildRequest, error: unknown): BangerError | undefined {
  if (![source, config].some((given) => given?.startsWith("/") === true && isOfThePath(error, given))) return undefined;
  const path = pathOf(error) ?? "";
  return new BangerError("refused", "file_unusable", `cannot build kernel ${name}: ${path}: ${reasonOf(error)}`, {
    hint: `ls -ld ${path}; you have to be able to read it`,
    cause: error,
  });
}

/** All that happens in the folder that it is built in. */
async function compile(parts: Parts, request: BuildRequest, work: string, context: OperationContext): Promise<AssembledKernel> {
  const { system } = parts;
  const { signal } = context;
  const source = request.source ?? "kernel.org";
  const fragment = await context.stage("tools", async () => {
    const read = await readFragment(parts, request);
    checkVersion(source, request.version);
    await checkBuildTools(system, source, signal);
    await checkSpace(parts, work);
    return read;
  });
  const version = request.version ?? (source === "apt" ? seriesOf(parts.ownConfig.version) : parts.ownConfig.version);
  const tree = await getSource(parts, { source, version, isVersionSaid: request.version !== undefined }, work, context);
  await using log = await openBuildLog(system, request.name);
  const made = { source: tree.folder, output: `${work}/out`, jobs: parts.jobs };
  await context.stage("configure", async (stage) => {
    stage.note(`Linux ${tree.version}, ${fragment.wanted.length} options`);
    await configure(system, made, fragment, log, signal);
  });
  return await context.stage("compile", async (stage) => {
    let steps = 0;
    const onStep = (): void => stage.progress(++steps, undefined, "items");
    await runMake(system, { ...made, targets: ["vmlinux"], timeoutMs: COMPILE_MS }, log, signal, onStep);
    return await finish(system, made.output, signal);
  });
}

async function readFragment({ system, ownConfig }: Parts, { config }: BuildRequest): Promise<Fragment> {
  if (config === undefined) {
    const text = new TextDecoder().decode(await system.files.readEmbedded(ownConfig.path));
    return { path: "of banger", text, wanted: parseFragment(text, "of banger") };
  }
  const hint = "banger kernel build NAME --config FILE, or without --config for banger's own";
  // The file that was named may be a link; what it leads to is read once, and must be a file: a pipe would never end.
  const info = await system.files.find(config);
  if (info === undefined) {
    throw new BangerError("not_found", "config_not_found", `cannot read the configuration ${config}: there is no such file`, { hint });
  }
  if (info.kind !== "file" && info.kind !== "link") {
    throw new BangerError("invalid", "bad_kernel_config", `cannot read the configuration ${config}: it is no file`, { hint });
  }
  let text: string;
  try {
    const { stdout } = await system.processes.runOk(["head", "-c", String(CONFIG_MAX_BYTES + 1), "--", config], {
      timeoutMs: 5000,
      maxOutputBytes: CONFIG_MAX_BYTES + 4096,
    });
    text = stdout;
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    throw new BangerError("invalid", "bad_kernel_config", `cannot read the configuration ${config}: ${error.message}`, {
      hint,
      cause: error,
    });
  }
  if (Buffer.byteLength(text) > CONFIG_MAX_BYTES) {
    throw new BangerError("invalid", "bad_kernel_config", `cannot use the configuration ${config}: it has more than 1 MiB`, { hint });
  }
  return { path: config, text, wanted: parseFragment(text, config) };
}

/** Debian has the newest of a series alone. */
function seriesOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

function checkVersion(source: string, version: string | undefined): void {
  if (version === undefined || !source.startsWith("/")) return;
  throw new BangerError(
    "invalid",
    "version_of_own_source",
    `cannot build Linux ${version} from ${source}: what is there has its own version`,
    {
      hint: "leave out --version",
    },
  );
}

async function checkSpace({ system, leastBytes }: Parts, path: string): Promise<void> {
  const free = await system.files.freeBytes(path);
  if (free >= leastBytes) return;
  throw new BangerError(
    "unavailable",
    "disk_full",
    `cannot build a kernel: it takes ${exactSize(leastBytes)} in ${BUILD_PLACE}, which has ${Math.floor(free / 2 ** 20)} MiB`,
    { hint: `make room there: df -h ${BUILD_PLACE}; banger system prune` },
  );
}

async function configure(
  system: System,
  made: { readonly source: string; readonly output: string; readonly jobs: number },
  fragment: Fragment,
  log: BuildLog,
  signal: AbortSignal,
): Promise<void> {
  await system.files.makeFolder(made.output);
  const path = `${made.output}.fragment`;
  await system.files.write(path, fragment.text);
  const env = { KCONFIG_ALLCONFIG: path };
  await runMake(system, { ...made, targets: ["allnoconfig"], timeoutMs: CONFIGURE_MS, env }, log, signal, () => undefined);
  checkFragment(fragment.wanted, await system.files.readText(`${made.output}/.config`, FINAL_CONFIG_MAX_BYTES), fragment.path);
}

async function finish(system: System, output: string, signal: AbortSignal): Promise<AssembledKernel> {
  await system.processes.runOk(["strip", "-s", `${output}/vmlinux`, "-o", `${output}/${STRIPPED}`], { timeoutMs: STRIP_MS, signal });
  return assembleKernel(
    system,
    {
      tree: { names: [STRIPPED, ".config"], read: (name, maxBytes) => system.files.read(`${output}/${name}`, maxBytes) },
      kernel: STRIPPED,
      config: ".config",
      modulesFolder: () => undefined,
      needsAcpi: undefined,
    },
    signal,
  );
}
