/**
 * What vms use now: one look at the host's processes and disks, and one question to each guest. Nothing is kept between two
 * looks: these are counters, and who wants rates subtracts.
 */
import { BangerError } from "../contract/errors.ts";
import type { GuestStats } from "../contract/schemas/guest.ts";
import type { VmStats } from "../contract/schemas/vm-stats.ts";
import type { System } from "../system/system.ts";
import type { VmDependencies } from "./dependencies.ts";
import type { Supervisor } from "./supervise.ts";

/** A guest answers in milliseconds; one that is busy or lost keeps nobody waiting for longer. */
const GUEST_DEADLINE_MS = 2_000;

/** The stats of these vms, in their order. */
export function readStats(supervisors: readonly Supervisor[], dependencies: VmDependencies): Promise<readonly VmStats[]> {
  return Promise.all(supervisors.map((supervisor) => readOne(supervisor, dependencies)));
}

async function readOne(supervisor: Supervisor, dependencies: VmDependencies): Promise<VmStats> {
  const { record } = supervisor;
  const { system } = dependencies;
  const [guest, host, diskBytes] = await Promise.all([
    askGuest(supervisor),
    readHost(supervisor, dependencies),
    readFolder(system, system.layout.vmFolder(record.id)),
  ]);
  return {
    id: record.id,
    name: record.name,
    state: record.state,
    cpus: record.plan.cpus,
    memoryMiB: record.plan.memoryMiB,
    monotonicMs: host?.monotonicMs ?? system.clock.monotonicMs(),
    diskBytes,
    host: host?.cost ?? null,
    ...guest,
  };
}

type HostCost = NonNullable<VmStats["host"]>;

async function readHost(
  { record }: Supervisor,
  { system, network }: VmDependencies,
): Promise<{ readonly monotonicMs: number; readonly cost: HostCost } | undefined> {
  const vmm = record.boot?.vmm?.identity;
  if (vmm === undefined) return undefined;
  const monotonicMs = system.clock.monotonicMs();
  const [usage, traffic] = await Promise.all([system.processes.usage(vmm), network.traffic(record.id)]);
  // A VMM that has just ended.
  if (usage === undefined) return undefined;
  const processes = [{ name: record.plan.driver, pid: vmm.pid, ...usage, pssBytes: usage.pssBytes ?? null }];
  return {
    monotonicMs,
    cost: {
      processes,
      cpuMs: usage.cpuMs,
      rssBytes: usage.rssBytes,
      pssBytes: usage.pssBytes ?? usage.rssBytes,
      network: traffic ?? null,
    },
  };
}

async function askGuest(supervisor: Supervisor): Promise<Pick<VmStats, "guest" | "guestProblem">> {
  const deadline = AbortSignal.timeout(GUEST_DEADLINE_MS);
  try {
    return { guest: await within(deadline, ask(supervisor, deadline)), guestProblem: null };
  } catch (error) {
    if (deadline.aborted) return { guest: null, guestProblem: `the guest did not answer within ${GUEST_DEADLINE_MS / 1000} s` };
    if (error instanceof BangerError) return { guest: null, guestProblem: error.message };
    throw error;
  }
}

async function ask(supervisor: Supervisor, signal: AbortSignal): Promise<GuestStats> {
  return (await supervisor.agent(signal)).stats(signal);
}

/** Whatever holds the question up, nobody waits for it beyond the deadline. */
function within<T>(deadline: AbortSignal, question: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const giveUp = (): void => late.reject(deadline.reason);
  deadline.addEventListener("abort", giveUp, { once: true });
  // The loser of the race has no other listener.
  question.catch(() => undefined);
  return Promise.race([question, late.promise]).finally(() => deadline.removeEventListener("abort", giveUp));
}

/** What the files of a vm really take. */
async function readFolder({ files }: System, folder: string): Promise<number> {
  const found = await Promise.all((await files.list(folder)).map((name) => files.find(`${folder}/${name}`)));
  return found.reduce((sum, info) => sum + (info?.allocatedBytes ?? 0), 0);
}
