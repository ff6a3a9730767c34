/** Percentages out of two samples of counters. Pure; a guest may have said anything that is a number. */
import type { Output } from "../sdk/sdk.ts";

export type Sample = Output<"vm.stats">["vms"][number];

/** A sample with what has happened since the one before; null where that cannot be told. */
export interface Rated extends Sample {
  /** Of one processor of this computer: two that are busy are 200. */
  readonly cpuPercent: number | null;
  /** Of one processor of the guest. */
  readonly guestCpuPercent: number | null;
}

/** Rates each of `now` against the same vm in `before`. */
export function rate(before: readonly Sample[], now: readonly Sample[]): readonly Rated[] {
  const earlier = new Map(before.map((sample) => [sample.id, sample]));
  return now.map((sample) => {
    const first = earlier.get(sample.id);
    return {
      ...sample,
      cpuPercent: first === undefined ? null : hostPercent(first, sample),
      guestCpuPercent: first === undefined ? null : guestPercent(first, sample),
    };
  });
}

function hostPercent(before: Sample, now: Sample): number | null {
  // Another VMM since then has counters of its own.
  if (before.host === null || now.host === null || before.host.processes[0]?.pid !== now.host.processes[0]?.pid) return null;
  return percent(now.host.cpuMs - before.host.cpuMs, now.monotonicMs - before.monotonicMs);
}

function guestPercent({ guest: before }: Sample, { guest: now, cpus }: Sample): number | null {
  if (before === null || now === null || now.uptimeMs < before.uptimeMs) return null;
  const [busy, idle, stolen] = [
    now.cpu.busyMs - before.cpu.busyMs,
    now.cpu.idleMs - before.cpu.idleMs,
    now.cpu.stolenMs - before.cpu.stolenMs,
  ];
  if (idle < 0 || stolen < 0) return null;
  const share = percent(busy, busy + idle + stolen);
  return share === null ? null : round(share * cpus);
}

function percent(part: number, whole: number): number | null {
  return part < 0 || whole <= 0 ? null : round((part / whole) * 100);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
