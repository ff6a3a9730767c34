/**
 * Three real guests send from inside, by raw sockets, all that a guest can which obeys no rules: each to both others, to the host and to
 * what is around it. Each is granted something else.
 */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { openGuestFromInside, type NetworkGuest } from "../host/network-guest.ts";
import { askAll, type Party } from "../host/network-questions.ts";
import { gatewayOf, HOST_PORTS, NEIGHBOUR_ADDRESS, openNetworkWorld, type NetworkWorld } from "../host/network-world.ts";
import { openGoods } from "../support/goods.ts";
import { closeWorld, openWorld, type World } from "../support/world.ts";

setDefaultTimeout(300_000);

const MODES = process.getuid?.() === 0 ? ["rooted", "rootless"] : ["rootless"];
/** Of ten ports of the host's loopback, and of the local network. */
const GRANTS = [
  { name: "one", hostPorts: HOST_PORTS.slice(0, 4), lan: true },
  { name: "two", hostPorts: HOST_PORTS.slice(3, 6), lan: false },
  { name: "three", hostPorts: [], lan: false },
] as const;

let internet: NetworkWorld | undefined;
let world: World | undefined;

afterEach(async () => {
  if (world !== undefined) await closeWorld(world);
  world = undefined;
  await internet?.[Symbol.asyncDispose]();
  internet = undefined;
});

describe("three guests", () => {
  test.each(MODES)("reach what each was granted, and nothing of each other, by whatever they send: %s", async (mode) => {
    const { kernel } = await openGoods();
    const computer = (internet = await openNetworkWorld());
    const here = (world = await openWorld({ prefix: computer.argv([]), config: `[network]\nmode = "${mode}"\n` }));
    await using undo = new AsyncDisposableStack();
    const enter = async (name: string): Promise<NetworkGuest> => {
      const { network } = await here.json<{ network: { mode: string; address: string } }>(["vm", "show", name]);
      expect(network.mode).toBe(mode);
      const address = network.address.replace(/\/.*/, "");
      const mac = (await here.ok(["exec", name, "--", "cat", "/sys/class/net/eth0/address"])).trim();
      const into = [...computer.argv([here.program, "exec", "-i", name, "--"])];
      return undo.use(await openGuestFromInside(into, here.environment, { mac, address, gateway: gatewayOf(address) }));
    };
    const parties: Party[] = [];
    for (const { name, hostPorts, lan } of GRANTS) {
      const grants = [...hostPorts.flatMap((port) => ["--allow-host", String(port)]), ...(lan ? ["--allow-lan", NEIGHBOUR_ADDRESS] : [])];
      await here.ok(["vm", "create", name, "--nat", ...grants, "--kernel", kernel]);
      parties.push({ name, guest: await enter(name), hostPorts, lan });
    }

    const { answers, refused, strange } = await askAll(parties);

    expect(Object.entries(answers).filter(([, answer]) => answer !== "accepted" && answer !== "datagram")).toEqual([]);
    expect(Object.entries(refused).filter(([, answer]) => !["silence", "refused", "forbidden"].includes(answer))).toEqual([]);
    expect(strange).toEqual([]);
    expect(Object.keys(answers).length).toBe(2 * (3 * 4 + 2 * 7 + 2));
    expect(Object.keys(refused).length).toBeGreaterThan(500);
  });
});
