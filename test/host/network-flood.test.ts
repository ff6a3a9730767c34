/** Guests that flood while all around them changes: in no moment does a packet get where it may not. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { NO_GRANTS } from "../../src/network/rules.ts";
import { isFull, SEED } from "../support/seeded.ts";
import { processesOf, REPOSITORY } from "../support/world.ts";
import { openWatch, type Report } from "./flood-guests.ts";
import { judge, wasEverGranted, type Heard, type Period } from "./flood-judge.ts";
import { openNetworkWorld } from "./network-world.ts";

setDefaultTimeout(isFull ? 1_500_000 : 120_000);

const [LIVES, CHANGES] = isFull ? [1000, 200] : [30, 8];
const MODE = process.getuid?.() === 0 ? "rooted" : "rootless";

interface Flooded {
  readonly mode: string;
  readonly tookMs: number;
  readonly periods: readonly Period[];
  readonly reports: readonly Report[];
  readonly witness: {
    readonly offered: number;
    readonly passed: readonly { readonly guest: string; readonly card: string; readonly to: string; readonly packets: number }[];
  };
  readonly early: number;
  readonly answers: readonly string[];
  readonly late: readonly string[];
  readonly steadyHeard: readonly unknown[];
  readonly claims: readonly string[];
  readonly remaining: number;
}

test(`of what guests flood while ${LIVES} slots come and go and grants change ${CHANGES} times nothing arrives that was not granted at that time`, async () => {
  await using world = await openNetworkWorld();
  await using undo = new AsyncDisposableStack();
  const home = mkdtempSync("/tmp/bgf-");
  undo.defer(() => rmSync(home, { recursive: true, force: true }));
  const run = async (command: readonly string[]): Promise<string> => {
    const [program = "", ...words] = world.argv(command);
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
    return text(child.stdout);
  };
  // pasta sends pings where its user may.
  await run(["sh", "-c", "echo 0 0 > /proc/sys/net/ipv4/ping_group_range"]);
  const watches = [await openWatch((command) => world.outside(command), "in0"), await openWatch((command) => world.argv(command), "lo")];

  const words = [join(home, "h"), MODE, String(LIVES), String(CHANGES), String(SEED)];
  const said = await run([process.execPath, join(REPOSITORY, "test/host/network-flood.ts"), ...words]);
  const found = JSON.parse(said.trim().split("\n").at(-1) ?? "") as Flooded;
  const watched = await Promise.all(watches.map((watch) => watch.end()));

  const { granted, outside } = judge(
    [...watched, ...found.reports].flatMap(({ records }) => records),
    found.periods,
  );
  const { offered, passed } = found.witness;
  const answered = found.answers.filter((answer) => answer === "answered").length;
  const passedCount = passed.reduce((sum, { packets }) => sum + packets, 0);
  console.log(
    `${(found.tookMs / 1000).toFixed(1)} s, ${LIVES} slots of which ${found.early} were flooded by before they were claimed, ${CHANGES} changes: ` +
      `${offered} packets were sent, ${passedCount} passed, ${Object.values(granted).reduce((sum, count) => sum + count, 0)} arrived, ` +
      `${outside.length} kinds outside of what was granted; the steady guest had ${answered} of ${found.answers.length} answers. ${JSON.stringify(granted)}`,
  );
  expect(outside).toEqual([]);
  expect(passed.filter(({ guest, card, to }) => !wasEverGranted(guest, card, to, found.periods))).toEqual([]);
  for (const { odd, oddities } of found.reports) expect([odd, oddities]).toEqual([0, []]);
  // Nothing was overlooked.
  expect(watched.map(({ lost }) => lost)).toEqual([0, 0]);
  expect(found.mode).toBe(MODE);
  expect(offered).toBeGreaterThan(LIVES * 200);
  expect(found.early).toBeGreaterThan(LIVES / 2);
  // Each thing that can be granted was, and worked.
  const worked = ["the internet", "the local network", "a port of the host", "names", "a network in common", "answers", "the steady guest"];
  expect(worked.filter((name) => (granted[name] ?? 0) === 0)).toEqual([]);
  expect(answered).toBeGreaterThan(found.answers.length * 0.8);
  expect(found.late).toEqual(Array.from({ length: 5 }, () => "answered"));
  expect(found.steadyHeard).toEqual([]);
  expect(found.claims).toEqual([]);
  expect(found.remaining).toBe(0);
  expect(processesOf(home)).toEqual([]);
});

test("what arrives in a flood is judged by what was granted when it passed", () => {
  const lan = { ...NO_GRANTS, lan: ["192.168.77.0/24"], hostPorts: [20_001], network: 7 };
  const periods: readonly Period[] = [
    { number: 1, guest: "bg0", grants: lan, from: 0, until: 100 },
    { number: 2, guest: "bg1", grants: lan, from: 0, until: 1000 },
    { number: 3, guest: "bg0", grants: NO_GRANTS, from: 90, until: 1000 },
  ];
  const heard = (place: string, to: string, port: number, period: number, at: number, sent: number, kind = 0): Heard =>
    [place, "udp", to, port, kind, period, 1, at, at, sent, sent] as const;
  const isOutside = (...each: Parameters<typeof heard>): boolean => judge([heard(...each)], periods).outside.length === 1;

  // Granted; sent before it was told to be over; sent after.
  expect(isOutside("in0", "192.168.77.9", 5, 1, 50, 40)).toBe(false);
  expect(isOutside("in0", "192.168.77.9", 5, 1, 130, 99)).toBe(false);
  expect(isOutside("in0", "192.168.77.9", 5, 1, 130, 101)).toBe(true);
  expect(isOutside("in0", "192.168.77.9", 5, 3, 130, 101)).toBe(true);
  expect(isOutside("in0", "198.51.100.1", 5, 3, 130, 101)).toBe(false);
  // A port of the host: the own one, another, another address.
  expect(isOutside("lo", "127.0.0.1", 20_001, 1, 50, 40)).toBe(false);
  expect(isOutside("lo", "127.0.0.1", 20_002, 1, 50, 40)).toBe(true);
  expect(isOutside("lo", "192.168.77.2", 20_001, 1, 50, 40)).toBe(true);
  // From guest to guest while both are in one network; an address that is not the sender's; metadata; no tag; nobody's tag.
  expect(isOutside("bg1", "198.19.0.6", 5, 1, 50, 40)).toBe(false);
  expect(isOutside("bg1", "198.19.0.6", 5, 3, 150, 140)).toBe(true);
  expect(isOutside("in0", "198.51.100.1", 5, 1, 50, 40, 2)).toBe(true);
  expect(isOutside("in0", "169.254.169.254", 5, 1, 50, 40)).toBe(true);
  expect(isOutside("in0", "198.51.100.1", 5, 0, 50, 0, 255)).toBe(true);
  expect(isOutside("in0", "198.51.100.1", 5, 9, 50, 40)).toBe(true);
});
