/**
 * `network-flood.ts HOME MODE LIVES CHANGES SEED`, run in a test's namespace: guests flood while slots are made, claimed and given back and
 * while grants change, and one asks all the time for what it may have. Prints as JSON who was granted what and when, what the
 * guests heard, and what a table of the test's own has counted in banger's namespace.
 */
import { enterArguments, type NamespaceMode } from "../../src/network/namespace-arguments.ts";
import type { Link } from "../../src/network/network.ts";
import { NO_GRANTS, type Grants } from "../../src/network/rules.ts";
import { findSlot, slotOf, UPLINK, type Slot } from "../../src/network/slots.ts";
import { makeChance } from "../support/seeded.ts";
import { floodOrder, hostPortsOf } from "./flood-frames.ts";
import { openFloodGuests, type FloodGuests } from "./flood-guests.ts";
import type { Period } from "./flood-judge.ts";
import { openNetworkDaemon } from "./network-daemon.ts";
import * as frames from "./network-frames.ts";
import { openNetworkGuest } from "./network-guest.ts";
import { INTERNET_ADDRESS, NEIGHBOUR_ADDRESS, WEB_PORT } from "./network-world.ts";

const FLOODERS = 3;
/** Of each. */
const FRAMES_PER_MS = 1;
/** More than there are slots ready: of some the TAP is yet to be made. */
const AHEAD = 6;
const ANSWER_MS = 2000;
/** A grant that is taken right after it was given is part of it. */
const SHORT_MS = 30;

/** What passes banger's rules comes by here after them; what is sent, before them. */
const WITNESS = `table inet witness {
  counter offered {
  }
  set passed {
    type ifname . ifname . ipv4_addr
    size 65535
    flags dynamic
    counter
  }
  chain before {
    type filter hook prerouting priority -400; policy accept;
    iifname != "${UPLINK.name}" counter name offered
  }
  chain after {
    type filter hook forward priority filter + 10; policy accept;
    iifname != "${UPLINK.name}" update @passed { iifname . oifname . ip daddr }
  }
}
`;

const [home, mode, lives, changes, seed] = process.argv.slice(2);
const [LIVES, CHANGES] = [Number(lives), Number(changes)];
const chance = makeChance(Number(seed));
const signal = AbortSignal.timeout(1_200_000);

const { system, network } = await openNetworkDaemon(home, mode);
const open = (vmId: string, grants: Grants): Promise<Link> => network.openLink(vmId, { wanted: true, unsafe: false, grants }, signal);

const periods: (Period & { until: number })[] = [];
/** Begins before it is asked for, and is to be ended when it is told that it is over. */
const begin = (guest: string, grantsOf: (period: number) => Grants, number = periods.length + 1) => {
  const period = { number, guest, grants: grantsOf(number), from: Date.now(), until: Number.MAX_SAFE_INTEGER };
  periods.push(period);
  return period;
};
/** Times are whole milliseconds: this one may have begun already. */
const end = (period: { until: number }): void => void (period.until = Date.now() + 1);
const anyGrants = (number: number): Grants => ({
  hostPorts: chance.below(2) === 0 ? hostPortsOf(number) : [],
  lan: chance.pick([[], [`${NEIGHBOUR_ADDRESS}/32`], ["192.168.77.0/24"], ["10.9.0.0/16", `${NEIGHBOUR_ADDRESS}/32`]]),
  outward: chance.below(6) > 0,
  network: chance.pick([null, 7, 7, 8]),
});

// Who floods through it all.
const flooders = await Promise.all(
  Array.from({ length: FLOODERS }, async (_, at) => {
    const vmId = `f100d${at}`;
    const number = at + 1;
    const from = Date.now();
    const grants = anyGrants(number);
    const link = await open(vmId, grants);
    const slot = slotOfLink(link);
    const period = { number, guest: slot.name, grants, from, until: Number.MAX_SAFE_INTEGER };
    return { vmId, link, slot, period, guests: openFloodGuests(enterOf(link), FRAMES_PER_MS) };
  }),
);
periods.push(...flooders.map(({ period }) => period));
const steadyLink = await open("57ead1", NO_GRANTS);
begin(slotOfLink(steadyLink).name, () => NO_GRANTS);
const steady = await openNetworkGuest(steadyLink);
const inside = enterArguments(steadyLink.mode as NamespaceMode, network.findServants()[0]?.pid ?? 0);
await nft(["-f", "-"], WITNESS);

let newest = Math.max(...flooders.map(({ slot }) => slot.number), slotOfLink(steadyLink).number);
const orderOf = (slot: Slot, period: Period): Buffer => {
  const mates = flooders.map((flooder) => flooder.slot).filter(({ name }) => name !== slot.name);
  const passing = [newest, newest + 1, newest + AHEAD, Math.max(0, newest - 1)].filter((number) => number !== slot.number).map(slotOf);
  const foreign = [...flooders.map((flooder) => flooder.period.number), period.number - 1, period.number - FLOODERS];
  return floodOrder({
    slot,
    period: period.number,
    others: [...mates, ...passing],
    foreignPeriods: [...new Set(foreign)].filter((number) => number > 0 && number !== period.number),
  });
};
for (const { slot, period, guests } of flooders) await guests.flood(slot.name, orderOf(slot, period));

/** All flooders have another tag after each change, so that it is known for each packet what both ends had. */
const change = async (): Promise<void> => {
  const before = flooders.map(({ period }) => period);
  const chosen = flooders.map((flooder) => (chance.below(3) > 0 ? anyGrants : () => flooder.period.grants));
  // At least one has what it never had.
  const sure = chance.below(FLOODERS);
  for (const [at, flooder] of flooders.entries())
    flooder.period = begin(flooder.slot.name, (at === sure ? anyGrants : chosen[at]) ?? anyGrants);
  await Promise.all(flooders.map(({ vmId, period }) => network.setGrants(vmId, period.grants)));
  before.forEach(end);
  await Promise.all(flooders.map(({ slot, period, guests }) => guests.flood(slot.name, orderOf(slot, period))));
};

/** One floods by TAPs that nobody has claimed yet, from their first moment on, and then as the vm that gets them. */
const passing: FloodGuests = openFloodGuests(enterOf(steadyLink), FRAMES_PER_MS);
const unclaimed = new Map<string, Period & { until: number }>();
let early = 0;
const expectSlots = async (): Promise<void> => {
  for (let number = newest + 1; number <= newest + AHEAD; number += 1) {
    const slot = slotOf(number);
    if (unclaimed.has(slot.name)) continue;
    const period = begin(slot.name, () => NO_GRANTS);
    unclaimed.set(slot.name, period);
    await passing.flood(slot.name, orderOf(slot, period));
  }
};
const claimedAt = new Map<string, number>();
const live = async (count: number): Promise<void> => {
  const vmId = (0x11fe_0000 + count).toString(16);
  await expectSlots();
  const number = periods.length + 1;
  const from = Date.now();
  const period = begin("", anyAlone, number);
  const link = await open(vmId, period.grants);
  const slot = slotOfLink(link);
  claimedAt.set(slot.name, from);
  Object.assign(period, { guest: slot.name });
  const before = unclaimed.get(slot.name);
  if (before !== undefined) end(before);
  newest = Math.max(newest, slot.number);
  await passing.flood(slot.name, orderOf(slot, period));
  await system.clock.sleep(chance.below(SHORT_MS), signal);
  await passing.leave(slot.name);
  end(period);
  await link[Symbol.asyncDispose]();
};

let isOver = false;
const asked = new Map<number, "answered" | "silent">();
const ask = async (count: number): Promise<void> => {
  const port = 20_000 + count;
  const answered = (kind: string): boolean => steady.heard.some((reply) => "port" in reply && reply.port === port && reply.kind === kind);
  steady.send(
    frames.synFrame(steady.self, INTERNET_ADDRESS, WEB_PORT, port),
    frames.udpFrame(steady.self, UPLINK.dns, 53, port, frames.DNS_QUERY),
  );
  const deadline = Date.now() + ANSWER_MS;
  while (!(answered("accepted") && answered("datagram")) && Date.now() < deadline) await system.clock.sleep(5, signal);
  asked.set(count, answered("accepted") && answered("datagram") ? "answered" : "silent");
};
const asking = (async () => {
  for (let count = 0; !isOver; count += 1) {
    await ask(count);
    await system.clock.sleep(100, signal);
  }
})();

const began = Date.now();
await Promise.all([
  (async () => {
    for (let count = 0; count < LIVES; count += 1) await live(count);
  })(),
  (async () => {
    for (let count = 0; count < CHANGES; count += 1) {
      await change();
      await system.clock.sleep(100 + chance.below(200), signal);
    }
  })(),
]);
const tookMs = Date.now() - began;
isOver = true;
await asking;

const reports = await Promise.all([...flooders.map(({ guests }) => guests), passing].map((guests) => guests.end()));
const quietFrom = asked.size + 1000;
for (let count = 0; count < 5; count += 1) await ask(quietFrom + count);
for (const [name, [, since]] of Object.entries(reports.at(-1)?.taps ?? {})) if (since > 0 && since < (claimedAt.get(name) ?? 0)) early += 1;
const witness = await readWitness();
const steadyHeard = steady.heard.filter((reply) => !("port" in reply && reply.port >= 20_000 && reply.port < 20_000 + quietFrom + 5));
await steady[Symbol.asyncDispose]();
for (const { link } of flooders) await link[Symbol.asyncDispose]();
await steadyLink[Symbol.asyncDispose]();
const claims = network.listClaims();
await network[Symbol.asyncDispose]();
const answers = [...asked].filter(([count]) => count < quietFrom).map(([, answer]) => answer);
const late = [...asked].filter(([count]) => count >= quietFrom).map(([, answer]) => answer);
const remaining = network.findServants().length;
console.log(
  JSON.stringify({ mode: steadyLink.mode, tookMs, periods, reports, witness, early, answers, late, steadyHeard, claims, remaining }),
);

/** Of a vm that is in no network: who else is in it changes at other times. */
function anyAlone(number: number): Grants {
  return { ...anyGrants(number), network: null };
}

function slotOfLink({ end: linkEnd }: Link): Slot {
  const slot = linkEnd.kind === "tap" ? findSlot(linkEnd.name) : undefined;
  if (slot === undefined) throw new Error(`the link is ${linkEnd.kind}`);
  return slot;
}

function enterOf({ end: linkEnd }: Link): readonly string[] {
  return linkEnd.kind === "tap" ? linkEnd.enter : [];
}

async function nft(words: readonly string[], input: string): Promise<string> {
  const ran = await system.processes.run([...inside, "nft", ...words], { input, timeoutMs: 20_000 });
  if (ran.code !== 0) throw new Error(ran.stderr);
  return ran.stdout;
}

async function readWitness() {
  const offered = Number(/packets (\d+)/.exec(await nft(["list", "counter", "inet", "witness", "offered"], ""))?.[1]);
  const text = await nft(["list", "set", "inet", "witness", "passed"], "");
  const found = [...text.matchAll(/"(bg\d+)" \. "(\w+)" \. ([\d.]+) counter packets (\d+)/g)];
  return { offered, passed: found.map(([, guest = "", card = "", to = "", packets]) => ({ guest, card, to, packets: Number(packets) })) };
}
