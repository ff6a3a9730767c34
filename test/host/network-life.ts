/**
 * `network-life.ts HOME MODE`, run in a test's namespace: the whole life of a link, with what others have set up on that computer as
 * it is after each step, without what they count. Prints as JSON these rule sets by step, and which questions were answered.
 */
import { NO_GRANTS } from "../../src/network/rules.ts";
import { UPLINK } from "../../src/network/slots.ts";
import { openNetworkDaemon } from "./network-daemon.ts";
import * as frames from "./network-frames.ts";
import { openNetworkGuest } from "./network-guest.ts";
import { GRANTED_PORT, INTERNET_ADDRESS, NEIGHBOUR_ADDRESS, SECRET_PORT, WEB_PORT } from "./network-world.ts";

const ANSWER_MS = 2000;
const [home, mode] = process.argv.slice(2);
const { system, network } = await openNetworkDaemon(home, mode);

const rules: Record<string, string> = {};
const look = async (step: string): Promise<void> => {
  rules[step] = (await system.processes.run(["nft", "-s", "list", "ruleset"], { timeoutMs: 20_000 })).stdout;
};

await look("before");
const vmId = "0123456789aa";
const link = await network.openLink(vmId, { wanted: true, unsafe: false, grants: NO_GRANTS }, AbortSignal.timeout(60_000));
await look("claimed");
const guest = await openNetworkGuest(link);

let port = 20_000;
const answers: Record<string, boolean> = {};
/** Asks all at once, and waits no longer than for the last answer. */
const ask = async (questions: Readonly<Record<string, (own: number) => Buffer>>): Promise<void> => {
  const asked = Object.entries(questions).map(([name, make]) => {
    port += 1;
    guest.send(make(port));
    return { name, own: port };
  });
  const isAnswered = (own: number): boolean =>
    guest.heard.some((reply) => (reply.kind === "accepted" || reply.kind === "datagram") && reply.port === own);
  const deadline = Date.now() + ANSWER_MS;
  while (!asked.every(({ own }) => isAnswered(own)) && Date.now() < deadline) await system.clock.sleep(5);
  for (const { name, own } of asked) answers[name] = isAnswered(own);
};
const tcp = (to: string, at: number) => (own: number) => frames.synFrame(guest.self, to, at, own);
const udp = (to: string, at: number) => (own: number) => frames.udpFrame(guest.self, to, at, own, frames.DNS_QUERY);

await ask({ internet: tcp(INTERNET_ADDRESS, WEB_PORT), "internet by UDP": udp(INTERNET_ADDRESS, 53), names: udp(UPLINK.dns, 53) });
await look("used");
await network.setGrants(vmId, { ...NO_GRANTS, hostPorts: [GRANTED_PORT], lan: [`${NEIGHBOUR_ADDRESS}/32`] });
await look("granted");
await ask({ "a port of the host": tcp(guest.gateway, GRANTED_PORT), "the local network": tcp(NEIGHBOUR_ADDRESS, SECRET_PORT) });
await network.setGrants(vmId, NO_GRANTS);
await look("withdrawn");
await guest[Symbol.asyncDispose]();
await link[Symbol.asyncDispose]();
await look("released");
await network[Symbol.asyncDispose]();
await look("closed");
console.log(JSON.stringify({ rules, answers, remaining: network.findServants().length }));
