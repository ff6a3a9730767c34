/**
 * `network-probe.ts HOME MODE`, run in a test's namespace: opens two links as vms would, has them send all that a hostile guest could,
 * and prints as JSON which of it was answered, and what was heard.
 */
import { createConnection } from "node:net";
import { NO_GRANTS } from "../../src/network/rules.ts";
import { openNetworkDaemon } from "./network-daemon.ts";
import { openNetworkGuest } from "./network-guest.ts";
import { askAll } from "./network-questions.ts";
import { FORBIDDEN, GRANTED_PORT, HOST_ADDRESS, HOST_PUBLIC_ADDRESS, NEIGHBOUR_ADDRESS, SECRET_PORT } from "./network-world.ts";

const SEND_MS = 300;
const [home, mode] = process.argv.slice(2);
const signal = AbortSignal.timeout(60_000);

const { system, network } = await openNetworkDaemon(home, mode);
const open = (vmId: string, hostPorts: readonly number[], lan: readonly string[]) =>
  network.openLink(vmId, { wanted: true, unsafe: false, grants: { ...NO_GRANTS, hostPorts, lan } }, signal);
const links = [await open("0123456789aa", [GRANTED_PORT], [`${NEIGHBOUR_ADDRESS}/32`]), await open("0123456789bb", [], [])] as const;
const claims = network.listClaims();
const [bold, meek] = [await openNetworkGuest(links[0]), await openNetworkGuest(links[1])];

const connects = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host: address, port: SECRET_PORT, timeout: 5000 }, () => resolve(true));
    for (const event of ["error", "timeout"]) socket.once(event, () => resolve(false));
    socket.unref();
  });

// pasta finds all of it at once, as after a moment in which the computer was busy.
const outcome = await askAll(
  [
    { name: "bold", guest: bold, hostPorts: [GRANTED_PORT], lan: true },
    { name: "meek", guest: meek, hostPorts: [], lan: false },
  ],
  async (send) => {
    const [pasta] = network.findServants().slice(-1);
    process.kill(pasta?.pid ?? 0, "SIGSTOP");
    send();
    await system.clock.sleep(SEND_MS);
    process.kill(pasta?.pid ?? 0, "SIGCONT");
  },
);
// Who must not be reached is there to be reached.
const there = await Promise.all(
  ["127.0.0.1", HOST_ADDRESS, HOST_PUBLIC_ADDRESS, ...Object.values(FORBIDDEN)].map(async (address) => [address, await connects(address)]),
);
for (const guest of [bold, meek]) await guest[Symbol.asyncDispose]();
const guests = links.map(({ guest }) => guest);
for (const link of links) await link[Symbol.asyncDispose]();
const after = network.listClaims();
await network[Symbol.asyncDispose]();
const remaining = network.findServants().length;
console.log(JSON.stringify({ modes: links.map((link) => link.mode), guests, claims, after, remaining, ...outcome, there }));
