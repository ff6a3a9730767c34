import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { makeClock } from "./clock.ts";
import { identify } from "./process-identity.ts";
import { parseCpuMs, parseKilobytes, parseCards, networkCardsOf, networkNamespaceOf, usageOf } from "./process-usage.ts";

const clock = makeClock();
const stat = (name: string): string => `42 (${name}) S 1 42 42 0 -1 4194560 100 0 0 0 150 50 7 8 20 0 3 0 900 1000 200 184467 1 1`;
const DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 9999      10    0    0    0     0          0         0     9999      10    0    0    0     0       0          0
  eth0: 1000      10    0    0    0     0          0         0     2000      10    0    0    0     0       0          0
  tap0:5 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0
`;

describe("the processor time of a process", () => {
  test.each(["plain", "", "a b", ") S 1 2 3 (", "a) R 9 9 9 9 9 9 9 9 9 9 9 9 9", "new\nline"])("is read behind the name %j", (name) => {
    expect(parseCpuMs(stat(name))).toBe(2000);
  });

  test.each(["", "42 (x)", "42 (x) S 1 2", stat("x").replace("150", "-1"), stat("x").replace("150", "1e3")])(
    "is not made up: %j",
    (text) => {
      expect(parseCpuMs(text)).toBeUndefined();
    },
  );
});

test("memory is the line of that name alone", () => {
  const text = "Name:\tVmRSS:   1 kB\nVmRSS:\t   12 kB\nRss: 3 kB\nPss:                 237 kB\nPss_Dirty: 9 kB\n";
  expect(parseKilobytes(text, "VmRSS")).toBe(12 * 1024);
  expect(parseKilobytes(text, "Pss")).toBe(237 * 1024);
  expect(parseKilobytes(text, "VmSwap")).toBeUndefined();
  expect(parseKilobytes("VmRSS: 99999999999999999999 kB\n", "VmRSS")).toBeUndefined();
});

test("traffic is told card by card", () => {
  expect([...parseCards(DEV)]).toEqual([
    ["lo", { receivedBytes: 9999, sentBytes: 9999 }],
    ["eth0", { receivedBytes: 1000, sentBytes: 2000 }],
    ["tap0", { receivedBytes: 5, sentBytes: 7 }],
  ]);
});

test("no text makes a number that is none", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.string({ maxLength: 40 }), (text, name) => {
      const counts = [...parseCards(text).values()].flatMap(({ receivedBytes, sentBytes }) => [receivedBytes, sentBytes]);
      for (const value of [parseCpuMs(stat(text)), parseCpuMs(text), parseKilobytes(text, "VmRSS"), ...counts]) {
        expect(value === undefined || (Number.isSafeInteger(value) && value >= 0)).toBe(true);
      }
      expect(parseCpuMs(stat(name))).toBe(2000);
    }),
  );
});

test("our own usage can be read, and that of a process which has ended cannot", async () => {
  const own = identify(process.pid, clock);
  if (own === undefined) throw new Error("we do not run");
  const usage = await usageOf(own, clock);
  expect(usage?.rssBytes).toBeGreaterThan(2 ** 20);
  expect(usage?.pssBytes).toBeGreaterThan(0);
  expect([...((await networkCardsOf(own, clock)) ?? [])].map(([name]) => name)).toContain("lo");
  expect(networkNamespaceOf(own, clock)).toMatch(/^net:\[\d+\]$/);
  const other = { ...own, startTicks: own.startTicks + 1 };
  expect(await usageOf(other, clock)).toBeUndefined();
  expect(await networkCardsOf(other, clock)).toBeUndefined();
  expect(networkNamespaceOf(other, clock)).toBeUndefined();
});
