/** Looks which way out a vm can have on this computer. */
import type { System } from "../system/system.ts";
import { decideMode, type ModeDecision, type ModeFacts, type WantedMode } from "./decide-mode.ts";
import { findHelperObstacle } from "./nethelper-client.ts";
import { PROGRAMS, unshareArguments, type NamespaceMode } from "./namespace-arguments.ts";

const TUN = "/dev/net/tun";
const TRY_MS = 10_000;

export type FindMode = (signal: AbortSignal) => Promise<ModeDecision>;

/** One that isolates is found once; anything else is looked for again, as somebody may have installed what was missing. */
export function makeFindMode(system: System, wanted: WantedMode, uid: number): FindMode {
  let found: ModeDecision | undefined;
  return async (signal) => {
    if (found !== undefined) return found;
    const decision = decideMode(await lookAtHost(system, wanted, uid, signal));
    if (decision.mode !== "user") found = decision;
    return decision;
  };
}

async function lookAtHost(system: System, wanted: WantedMode, uid: number, signal: AbortSignal): Promise<ModeFacts> {
  const { processes, files } = system;
  const isRoot = uid === 0;
  const missing = PROGRAMS.filter((program) => processes.which(program) === undefined);
  const tun = files.mayUse(TUN) ? "usable" : (await files.find(TUN)) === undefined ? "absent" : "forbidden";
  const look = async (mode: NamespaceMode): Promise<string | undefined> =>
    missing.length > 0 || wanted === "user" ? undefined : findObstacle(system, mode, signal);
  const [rootless, rooted] = [await look("rootless"), isRoot ? await look("rooted") : "you are not root"];
  const isOwn = isRoot || (wanted === "auto" && missing.length === 0 && rootless === undefined);
  const helper = isOwn || wanted === "user" || tun !== "usable" ? "nobody asks it" : await findHelperObstacle(system, uid, signal);
  return { wanted, isRoot, missing, tun, obstacles: { rootless, rooted }, helper };
}

/** That a namespace is made is not enough: there are kernels that make it and give no rights over it. */
async function findObstacle({ processes }: System, mode: NamespaceMode, signal: AbortSignal): Promise<string | undefined> {
  const { code, stderr } = await processes.run([...unshareArguments(mode), "ip", "link", "set", "lo", "up"], { timeoutMs: TRY_MS, signal });
  return code === 0 ? undefined : (stderr.trim().split("\n").at(-1) ?? "it failed");
}
