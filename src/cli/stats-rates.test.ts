import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { rate, type Sample } from "./stats-rates.ts";
import { showStats, showStatsLines, showStatsNotes } from "./show/stats.ts";

const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const disk = fc.record({ totalBytes: count, usedBytes: count, availableBytes: count });
const traffic = fc.record({ receivedBytes: count, sentBytes: count });
const guest: fc.Arbitrary<NonNullable<Sample["guest"]>> = fc.record({
  uptimeMs: count,
  cpus: count,
  cpu: fc.record({ busyMs: count, idleMs: count, stolenMs: count }),
  memory: fc.record({ totalBytes: count, freeBytes: count, availableBytes: count }),
  load: fc.tuple(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.constant(0), fc.constant(0)),
  processes: count,
  network: traffic,
  root: disk,
  home: fc.option(disk),
});

const GUEST: NonNullable<Sample["guest"]> = {
  uptimeMs: 0,
  cpus: 9,
  cpu: { busyMs: 0, idleMs: 0, stolenMs: 0 },
  memory: { totalBytes: 0, freeBytes: 0, availableBytes: 0 },
  load: [0, 0, 0],
  processes: 0,
  network: { receivedBytes: 0, sentBytes: 0 },
  root: { totalBytes: 0, usedBytes: 0, availableBytes: 0 },
  home: null,
};

function sampleOf(monotonicMs: number, cpuMs: number, said: Sample["guest"], pid = 7): Sample {
  return {
    id: "a",
    name: "dev",
    state: "running",
    cpus: 2,
    memoryMiB: 1024,
    monotonicMs,
    diskBytes: 0,
    host: { processes: [{ name: "qemu", pid, cpuMs, rssBytes: 0, pssBytes: null }], cpuMs, rssBytes: 0, pssBytes: 0, network: null },
    guest: said,
    guestProblem: said === null ? "it does not answer" : null,
  };
}

const busy = (busyMs: number, idleMs: number, uptimeMs: number) => ({ ...GUEST, uptimeMs, cpu: { busyMs, idleMs, stolenMs: 0 } });
const percentOf = (before: Sample, now: Sample) => {
  const [rated] = rate([before], [now]);
  return [rated?.cpuPercent, rated?.guestCpuPercent];
};

describe("percentages", () => {
  test("are what happened between two samples, of one processor", () => {
    expect(percentOf(sampleOf(1000, 500, busy(100, 900, 1)), sampleOf(3000, 3500, busy(350, 1650, 2)))).toEqual([150, 50]);
  });

  test("are none without a sample before", () => {
    expect(rate([], [sampleOf(1, 1, GUEST)])[0]).toMatchObject({ cpuPercent: null, guestCpuPercent: null });
  });

  test("are none when VMM or guest began anew, and when no time has passed", () => {
    expect(percentOf(sampleOf(1, 5, busy(1, 1, 9)), sampleOf(2, 6, busy(2, 2, 8), 8))).toEqual([null, null]);
    expect(percentOf(sampleOf(1, 5, busy(1, 1, 1)), sampleOf(1, 5, busy(1, 1, 1)))).toEqual([null, null]);
    expect(percentOf(sampleOf(1, 5, null), { ...sampleOf(2, 6, GUEST), host: null })).toEqual([null, null]);
  });

  test("of a guest are numbers between nothing and all it has, whatever it says", () => {
    fc.assert(
      fc.property(guest, guest, (before, now) => {
        const [, percent] = percentOf(sampleOf(1, 1, before), sampleOf(2, 2, now));
        expect(percent === null || (typeof percent === "number" && percent >= 0 && percent <= 200)).toBe(true);
      }),
    );
  });
});

describe("the table", () => {
  test("has a row of printable characters, whatever a guest says", async () => {
    await fc.assert(
      fc.asyncProperty(fc.option(guest), async (said) => {
        const vms = rate([], [sampleOf(1, 1, said)]);
        const text = await showStats(vms);
        expect(text).toMatch(/^NAME [^\n]+\ndev [ -~]+\n$/);
        expect(text).not.toMatch(/NaN|undefined|Infinity/);
        expect(await showStatsLines(vms, false)).toMatch(/^dev [ -~]+\n$/);
      }),
    );
  });

  test("says which helpers are counted and why a guest says nothing, escaped", () => {
    const [sample] = rate([], [sampleOf(1, 1, null)]);
    if (sample === undefined || sample.host === null) throw new Error("no sample");
    const helper = { name: "helper", pid: 8, cpuMs: 0, rssBytes: 0, pssBytes: 0 };
    const host = { ...sample.host, processes: [helper, helper] };
    expect(showStatsNotes([{ ...sample, host, guestProblem: "\u001b[2J" }])).toBe("dev: counted with the VMM: helper\ndev: \\x1b[2J\n");
  });
});
