/** What a daemon leaves on the computer, read from outside: its database, its folders, its processes. */
import { Database } from "bun:sqlite";
import { existsSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { hasEnded } from "./until-ended.ts";
import { processesOf, type World } from "./world.ts";

export interface VmRow {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly ephemeral: boolean;
  readonly pid: number | undefined;
}

interface LeaseRow {
  readonly kind: string;
  readonly key: string;
  readonly vm_id: string | null;
}

type Rows = readonly Readonly<Record<string, unknown>>[];

/** Every row of the tables that tell what there is. */
export function dumpDatabase({ folder }: World): Readonly<Record<"vms" | "leases" | "operations", Rows>> {
  using database = new Database(join(folder, "state/banger/banger.db"), { readonly: true });
  const all = (table: string): Rows => database.query(`SELECT * FROM ${table}`).all() as Rows;
  return { vms: all("vms"), leases: all("leases"), operations: all("operations") };
}

/** Every path of the world with its kind, without what the database and the log keep for themselves, and the network that is kept for vms to come. */
export function listFolders({ folder }: World): readonly string[] {
  /** The daemon may be at work: what is gone by the time it is looked at is not there. */
  const namesIn = (path: string): readonly string[] => {
    try {
      return readdirSync(join(folder, path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  };
  const below = (path: string): readonly string[] =>
    namesIn(path).flatMap((name) => {
      const inner = join(path, name);
      const info = lstatSync(join(folder, inner), { throwIfNoEntry: false });
      if (info === undefined) return [];
      return info.isDirectory() ? [`${inner}/`, ...below(inner)] : [inner];
    });
  return [...below("state"), ...below("run")]
    .filter((path) => !/banger\.db-(wal|shm)$|^run\/banger\/net\/|^state\/banger\/pasta\.log$/.test(path))
    .toSorted();
}

export function listVms(world: World): readonly VmRow[] {
  return dumpDatabase(world).vms.map(({ id, name, state, plan, boot }) => ({
    id: String(id),
    name: String(name),
    state: String(state),
    ephemeral: (JSON.parse(String(plan)) as { ephemeral: boolean }).ephemeral,
    pid: boot === null ? undefined : (JSON.parse(String(boot)) as { vmm: { identity: { pid: number } } | null }).vmm?.identity.pid,
  }));
}

/** The network that a daemon keeps for the next vm, and what makes slots in it ready or takes them down. */
function isCapacity(world: World, words: readonly string[]): boolean {
  const line = words.join(" ");
  const serves =
    line.includes(`${world.folder}/run/banger/net/`) ||
    line.includes(`${world.folder}/state/banger/pasta.log`) ||
    /(?:nft -f|ip -batch) -$/.test(line);
  return serves && world.daemonPid() !== undefined;
}

/** What should not be there when no command is under way: one sentence each. */
export function findLeftovers(world: World): readonly string[] {
  const { leases, operations } = dumpDatabase(world);
  const vms = listVms(world);
  const running = new Map(vms.filter(({ state }) => state === "running" || state === "paused").map((vm) => [vm.id, vm]));
  const known = new Set(vms.map(({ id }) => id));
  const names = (path: string): readonly string[] => {
    const whole = join(world.folder, path);
    return existsSync(whole) ? readdirSync(whole) : [];
  };
  const holder = (words: readonly string[]): string | undefined =>
    /(?:\/v\/|banger-)(?<id>[0-9a-f]{12})\b/.exec(words.join(" "))?.groups?.["id"];
  return [
    ...vms.filter(({ state }) => !["running", "paused", "stopped"].includes(state)).map(({ name, state }) => `vm ${name} is ${state}`),
    ...[...running.values()]
      .filter(({ pid }) => pid === undefined || hasEnded(pid))
      .map(({ name, pid }) => `vm ${name} runs as ${pid}, which is gone`),
    ...processesOf(world.folder)
      .filter(({ words }) => !words.includes("daemon") && !running.has(holder(words) ?? "") && !isCapacity(world, words))
      .map(({ pid, words }) => `process ${pid} of no running vm: ${words.join(" ")}`),
    ...names("run/banger/v")
      .filter((id) => !running.has(id))
      .map((id) => `run folder ${id} of no running vm`),
    ...names("state/banger/vms")
      .filter((id) => !known.has(id))
      .map((id) => `folder ${id} of no vm`),
    ...listFolders(world)
      .filter((path) => /\.new$|\/\.draft-/.test(path))
      .map((path) => `half a file: ${path}`),
    ...["images", "kernels"].flatMap((room) =>
      names(`data/banger/${room}`)
        .filter((name) => name.startsWith("."))
        .map((name) => `half of something: ${room}/${name}`),
    ),
    ...(leases as unknown as readonly LeaseRow[])
      .filter(({ kind, vm_id: id }) => id === null || !known.has(id) || (kind === "vm-run-folder" && !running.has(id)))
      .map(({ kind, key }) => `lease without holder: ${kind} ${key}`),
    ...operations.filter(({ state }) => state === "running").map(({ id, name }) => `operation ${String(id)} (${String(name)}) still runs`),
  ];
}
