/** Banger's network namespace on this computer: its keeper, and how something is run in it. */
import { join } from "node:path";
import { BangerError } from "../contract/errors.ts";
import type { ProcessIdentity, System } from "../system/system.ts";
import { SWITCHED_OFF, SWITCHED_ON } from "./card-batches.ts";
import { linkFailed } from "./link-failure.ts";
import {
  enterArguments,
  isKeeper,
  isKeeping,
  isUplink,
  keepArguments,
  keeperArguments,
  vmmArguments,
  type NamespaceMode,
} from "./namespace-arguments.ts";

/** A loaded computer has been seen to take seconds to start a process. */
const READY_MS = 20_000;
const LOOK_MS = 4;
const RUN_MS = 20_000;
/** A killed process is gone at once, unless it hangs in the kernel. */
const END_MS = 5_000;
const LOG_BYTES = 64 * 1024;

export interface Namespace {
  readonly mode: NamespaceMode;
  /** As the kernel names it in this boot. */
  readonly name: string;
  readonly keeper: ProcessIdentity;
}

/** Paths of what belongs to it. */
export function namespacePaths({ layout }: System) {
  return {
    pipe: join(layout.network, "keeper"),
    note: join(layout.network, "namespace.json"),
    uplinkLog: layout.pastaLog,
    log: layout.networkLog,
  } as const;
}

/** Makes a namespace with a keeper, a router that lets nothing pass yet. Ends what it has started when it fails. */
export async function openNamespace(system: System, mode: NamespaceMode, signal: AbortSignal): Promise<Namespace> {
  const { files, sockets, layout } = system;
  await files.makeFolder(layout.network);
  const { pipe } = namespacePaths(system);
  sockets.makePipe(pipe);
  const keeper = await startKeeper(system, keeperArguments(mode, pipe), signal);
  try {
    const namespace = { mode, ...keeper };
    await setUp(system, namespace, signal);
    return namespace;
  } catch (error) {
    await endAll(system, [keeper.keeper]);
    throw error;
  }
}

/** Another keeper for a namespace whose own is gone and in which `inside` runs. */
export async function keepOn(system: System, mode: NamespaceMode, inside: ProcessIdentity, signal: AbortSignal): Promise<Namespace> {
  const { pipe } = namespacePaths(system);
  system.sockets.makePipe(pipe);
  return { mode, ...(await startKeeper(system, [...enterArguments(mode, inside.pid), ...keepArguments(pipe)], signal)) };
}

/** Runs a program inside as root over the namespace, to its end. */
export async function runInside(
  system: System,
  namespace: Namespace,
  argv: readonly string[],
  input: string,
  signal?: AbortSignal,
): Promise<void> {
  requireApart(system, namespace);
  const result = await system.processes.run([...enterArguments(namespace.mode, namespace.keeper.pid), ...argv], {
    input,
    timeoutMs: RUN_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.code !== 0) throw linkFailed(`${argv[0] ?? ""} failed in the network namespace`, result.stderr);
}

/** What goes before a VMM that is to run inside. */
export function enterForVmm({ mode, keeper }: Namespace): readonly string[] {
  return vmmArguments(mode, keeper.pid);
}

/** Keepers and uplinks of this home, found by looking. */
export function findServants(system: System): {
  readonly keepers: readonly ProcessIdentity[];
  readonly uplinks: readonly ProcessIdentity[];
} {
  const { pipe, uplinkLog } = namespacePaths(system);
  return {
    keepers: system.processes.findByArgument(pipe).flatMap(({ argv, ...identity }) => (isKeeping(argv, pipe) ? [identity] : [])),
    uplinks: system.processes.findByArgument(uplinkLog).flatMap(({ argv, ...identity }) => (isUplink(argv, uplinkLog) ? [identity] : [])),
  };
}

/** Forces these to end and waits until they have. */
export async function endAll({ processes }: System, identities: readonly ProcessIdentity[]): Promise<void> {
  const late = AbortSignal.timeout(END_MS);
  for (const identity of identities) processes.signal(identity, "SIGKILL");
  await Promise.allSettled(identities.map((identity) => processes.watchEnd(identity, late)));
}

/** The end of what they said. */
export async function readLastWords({ files }: System, paths: readonly string[]): Promise<string> {
  const texts = paths.map(async (path) => {
    const bytes = (await files.find(path))?.bytes ?? 0;
    return bytes === 0 ? "" : (await files.readRange(path, Math.max(0, bytes - LOG_BYTES), bytes)).toString();
  });
  return (await Promise.all(texts)).join("\n");
}

/** Never is anything of this done to the namespace that we are in ourselves: that is the host's. */
function requireApart({ processes }: System, { keeper, name }: Omit<Namespace, "mode">): void {
  const found = processes.networkNamespace(keeper);
  if (found === name) return;
  throw new BangerError("unavailable", "link_failed", "the network namespace of the vms has lost its keeper", { hint: "banger doctor" });
}

async function startKeeper(system: System, argv: readonly string[], signal: AbortSignal): Promise<Omit<Namespace, "mode">> {
  const { processes, clock } = system;
  signal.throwIfAborted();
  const { pipe, log } = namespacePaths(system);
  const ours = processes.identify(process.pid);
  const host = ours === undefined ? undefined : processes.networkNamespace(ours);
  const { identity, ended } = await processes.startDetached(argv, { logPath: log, cwd: "/" });
  let isOver = false;
  void ended.then(() => (isOver = true));
  try {
    const deadline = clock.monotonicMs() + READY_MS;
    for (;;) {
      const name = processes.networkNamespace(identity);
      if (host !== undefined && name !== undefined && name !== host && isReady(system, identity, pipe)) return { keeper: identity, name };
      if (isOver || clock.monotonicMs() > deadline) throw linkFailed("cannot make a network namespace", await readLastWords(system, [log]));
      await clock.sleep(LOOK_MS, signal);
    }
  } catch (error) {
    await endAll(system, [identity]);
    throw error;
  }
}

function isReady({ processes }: System, { pid }: ProcessIdentity, pipe: string): boolean {
  return processes.findByArgument(pipe).some((found) => found.pid === pid && isKeeper(found.argv, pipe));
}

async function setUp(system: System, namespace: Namespace, signal: AbortSignal): Promise<void> {
  const hasIPv6 = (await system.files.find("/proc/sys/net/ipv6")) !== undefined;
  const paths = (names: readonly string[]): readonly string[] => names.map((name) => `/proc/sys/net/${name}`);
  await runInside(system, namespace, ["tee", ...paths([...SWITCHED_ON.always, ...(hasIPv6 ? SWITCHED_ON.ipv6 : [])])], "1\n", signal);
  await runInside(system, namespace, ["tee", ...paths(SWITCHED_OFF)], "0\n", signal);
}
