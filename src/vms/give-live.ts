/**
 * Gives a running guest what was set and it can take while it runs: when it was set, and again at each new connection to its agent, for
 * what was set before may not have reached it. Doing it twice changes nothing more.
 */
import type { Peer } from "../agent/agent.ts";
import type { Capabilities } from "../drivers/drivers.ts";
import { driverOf, type Steps, type VmDependencies } from "./dependencies.ts";
import { messageOf } from "./message-of.ts";
import { listPending } from "./pending.ts";
import type { RunningGuest } from "./running-guest.ts";
import type { VmBoot, VmGiven, VmRecord } from "./vm-record.ts";

/** For a guest that is busy; it waits itself until its kernel has heard of a longer disk. */
const ANSWER_MS = 45_000;

/** A vm as it is at each moment. */
export interface Receiver {
  record(): VmRecord;
  running(): RunningGuest | undefined;
  /** Writes what the guest of this run has. */
  write(running: RunningGuest, given: VmGiven): void;
}

/** Gives what it can; what the guest cannot be given it gets at its next start, and then a notice says why. */
export function makeGiver(vm: Receiver, dependencies: VmDependencies): (steps: Steps) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  const give = async (steps: Steps): Promise<void> => {
    const [record, running] = [vm.record(), vm.running()];
    const { boot, state, plan } = record;
    if (running === undefined || boot === null || state !== "running") return;
    const peers = dependencies.peers.of(record);
    const knowsPeers = knows(running.peers, peers, boot.given.network ?? record.plan.network);
    const pending = listPending(record);
    if (pending.length === 0 && knowsPeers) return;
    const { capabilities } = driverOf(dependencies, plan.driver);
    await steps.stage("guest", async () => {
      const wanted = { record, boot, peers: knowsPeers ? undefined : peers };
      const given = await giveTo(running, wanted, capabilities, steps.signal);
      running.peers = peers;
      // What waits for the next start is pending after each.
      if (JSON.stringify(given) !== JSON.stringify(boot.given)) vm.write(running, given);
    });
  };
  return async (steps) => {
    // One at a time, each with the newest plan, so that the last word is the guest's as well.
    const giving = last.then(() => give(steps));
    last = giving.catch(() => undefined);
    try {
      await giving;
    } catch (error) {
      steps.signal.throwIfAborted();
      steps.notice(`the running guest could not be told: ${messageOf(error)}`);
    }
  };
}

/** @param network that it is in or was in. One that was taken over may know somebody who has gone meanwhile; in none there was nobody. */
function knows(told: readonly Peer[] | undefined, peers: readonly Peer[], network: string | null): boolean {
  return told === undefined ? network === null : JSON.stringify(told) === JSON.stringify(peers);
}

interface Wanted {
  readonly record: VmRecord;
  readonly boot: VmBoot;
  /** Undefined when it knows them. */
  readonly peers: readonly Peer[] | undefined;
}

async function giveTo(
  guest: RunningGuest,
  { record: { name, plan }, boot: { given, networkMode }, peers }: Wanted,
  { growDiskLive }: Capabilities,
  signal: AbortSignal,
): Promise<VmGiven> {
  const { layerBytes, workBytes, env } = plan;
  const disks = [
    { serial: "layer" as const, bytes: layerBytes, isLonger: layerBytes > given.layerBytes },
    { serial: "work" as const, bytes: workBytes, isLonger: workBytes > given.workBytes },
  ].flatMap(({ isLonger, ...disk }) => (isLonger && growDiskLive ? [disk] : []));
  for (const { serial, bytes } of disks) await guest.vmm.growDisk(serial, bytes);
  const answerBy = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  const agent = await guest.agents.current(answerBy);
  await agent.amend({ hostname: name, env, disks, ...(peers === undefined ? {} : { peers }) }, answerBy);
  // A card cannot be had while it runs; with one, the rules know of the network by now.
  const network = networkMode === "none" || networkMode === "user" ? given.network : plan.network;
  return { ...given, name, env, network, ...(growDiskLive ? { layerBytes, workBytes } : {}) };
}
