/**
 * The change of a plan: plan + what is to be set + what the computer has -> the new plan, or every problem at once. By the rules of a
 * new vm (`shape.ts`), applied to what changes: what an earlier computer allowed is not held against a change of a label. Pure.
 */
import { MOST_GRANTS, type GrantChange } from "../contract/schemas/grants.ts";
import { exactSize } from "../contract/sizes.ts";
import type { UnsafeNetwork } from "../network/network.ts";
import { namedNetworkProblems, type PlanResult } from "./plan.ts";
import { MIB, problem, roundDown, shapeProblems, type ShapeLimits, type VmShape } from "./shape.ts";
import type { VmPlan } from "./vm-record.ts";
import type { ChangeRequest } from "./vms.ts";

export interface ChangeFacts {
  readonly host: ShapeLimits;
  /** How long the files of the disks are, in bytes. */
  readonly disks: { readonly layerBytes: number; readonly workBytes: number };
  /** Whether there is a network of the name that is asked for. */
  readonly hasNetwork: boolean;
  /** Why no network can be had that keeps its vms apart from others; undefined when none is asked for. */
  readonly unsafeNetwork: UnsafeNetwork | undefined;
}

type Changes = Readonly<Record<string, string | null>>;

/** Plans a change. `change` has passed the contract's schema. */
export function planChange(plan: VmPlan, change: ChangeRequest, { host, disks, hasNetwork, unsafeNetwork }: ChangeFacts): PlanResult {
  const shape: VmShape = {
    cpus: change.cpus ?? plan.cpus,
    memoryBytes: change.memoryBytes ?? plan.memoryMiB * MIB,
    layerBytes: change.diskBytes ?? plan.layerBytes,
    workBytes: change.workDiskBytes ?? plan.workBytes,
    env: applyChanges(plan.env, change.env),
    labels: applyChanges(plan.labels, change.labels),
  };
  const changed = new Set(
    Object.entries({
      cpus: change.cpus,
      memory: change.memoryBytes,
      disk: change.diskBytes,
      workDisk: change.workDiskBytes,
      env: change.env,
      labels: change.labels,
    }).flatMap(([path, value]) => (value === undefined ? [] : [path])),
  );
  const allowHost = applyGrants(plan.allowHost, change.allowHost);
  const allowLan = applyGrants(plan.allowLan, change.allowLan);
  const problems = [
    ...grantProblems(plan.nat, change),
    ...namedNetworkProblems(change.network ?? undefined, hasNetwork, unsafeNetwork),
    ...grantCountProblems("allowHost", "--allow-host", allowHost),
    ...grantCountProblems("allowLan", "--allow-lan", allowLan),
    ...[...shapeProblems(shape, host)].filter(({ path }) => changed.has(path.split(".")[0] ?? "")),
    ...shrinkProblems("disk", "--disk", change.diskBytes, disks.layerBytes),
    ...shrinkProblems("workDisk", "--work-disk", change.workDiskBytes, disks.workBytes),
  ];
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    plan: {
      ...plan,
      cpus: shape.cpus,
      memoryMiB: Math.floor(shape.memoryBytes / MIB),
      layerBytes: roundDown(shape.layerBytes),
      workBytes: roundDown(shape.workBytes),
      allowHost: [...allowHost],
      allowLan: [...allowLan],
      network: change.network === undefined ? plan.network : change.network,
      unsafeNet: change.unsafeNet ?? plan.unsafeNet,
      env: shape.env,
      labels: shape.labels,
    },
  };
}

/** Null takes away. */
function applyChanges(old: Readonly<Record<string, string>>, changes: Changes = {}): Readonly<Record<string, string>> {
  const kept = Object.entries(old).filter(([key]) => !Object.hasOwn(changes, key));
  const set = Object.entries(changes).filter((entry): entry is [string, string] => entry[1] !== null);
  return Object.fromEntries([...kept, ...set]);
}

/** Those that are taken away and not given again, and then those that are new. */
function applyGrants<T>(old: readonly T[], changes: readonly GrantChange<T>[] = []): readonly T[] {
  const changed = new Map(changes.map(({ value, isTaken }) => [value, isTaken]));
  const given = [...changed].flatMap(([value, isTaken]) => (isTaken || old.includes(value) ? [] : [value]));
  return [...old.filter((value) => changed.get(value) !== true), ...given];
}

function grantProblems(nat: boolean, { allowHost = [], allowLan = [] }: ChangeRequest) {
  if (nat || [...allowHost, ...allowLan].every(({ isTaken }) => isTaken)) return [];
  const hint = "a new vm with --nat";
  return [problem("grant_without_network", "allowHost", "a vm without a way out reaches nothing that it could be granted", hint)];
}

function grantCountProblems(path: string, flag: string, grants: readonly unknown[]) {
  if (grants.length <= MOST_GRANTS) return [];
  return [problem("too_many_grants", path, `${grants.length} are more than ${MOST_GRANTS}`, `take some away: ${flag} ...-`)];
}

function shrinkProblems(path: string, flag: string, wanted: number | undefined, bytes: number) {
  if (wanted === undefined || roundDown(wanted) >= bytes) return [];
  const message = `the ${path === "disk" ? "root's disk" : "work disk"} has ${exactSize(bytes)} and cannot be made smaller: no ext4 can while it is mounted, and the host touches no disk that a guest has written`;
  return [problem("disk_shrinks", path, message, `${flag} ${exactSize(bytes).replace(/ (.)iB$/, "$1")} or more, or a new vm`)];
}
