import { escapeText } from "../../contract/escape-text.ts";
import { formatBytes, formatMs, formatSpan } from "../format.ts";
import type { Rated } from "../stats-rates.ts";
import { table } from "../table.ts";

const HEADING = [
  ...["NAME", "CPU", "CPU TIME", "RSS", "PSS", "DISK", "NET IN / OUT"],
  ...["GUEST CPU", "MEMORY", "ROOT", "HOME", "GUEST NET", "LOAD", "UPTIME", "PROCS"],
];
const NONE = "-";
/** Where lines follow each other, most values keep to their columns. */
const STEADY = [12, 7, 13, 9, 9, 9, 21, 9, 19, 21, 21, 21, 5, 6, 5];

/** `banger stats`. @param width that of the terminal, or without end where lines are cut. */
export function showStats(vms: readonly Rated[], width?: number): Promise<string> {
  return table(HEADING, vms.map(rowOf), width);
}

/** The same as lines that others follow: the heading only where it is asked for. */
export async function showStatsLines(vms: readonly Rated[], withHeading: boolean): Promise<string> {
  const heading = HEADING.map((word, column) => word.padEnd(STEADY[column] ?? 0));
  const lines = await table(heading, vms.map(rowOf), Infinity);
  return withHeading ? lines : lines.slice(lines.indexOf("\n") + 1);
}

/** What the numbers do not tell: which helpers are in them, and which guests say nothing. One line each. */
export function showStatsNotes(vms: readonly Rated[]): string {
  return vms
    .flatMap(({ name, host, guestProblem }) => [
      ...((host?.processes.length ?? 0) > 1
        ? [
            `${name}: counted with the VMM: ${host?.processes
              .slice(1)
              .map((process) => process.name)
              .join(", ")}`,
          ]
        : []),
      ...(guestProblem === null ? [] : [`${name}: ${guestProblem}`]),
    ])
    .map((line) => `${escapeText(line)}\n`)
    .join("");
}

function rowOf({ name, host, diskBytes, guest, cpuPercent, guestCpuPercent }: Rated): readonly string[] {
  const [pair, disk] = [
    (traffic: { receivedBytes: number; sentBytes: number } | null | undefined) =>
      traffic === null || traffic === undefined ? NONE : `${formatBytes(traffic.receivedBytes)} / ${formatBytes(traffic.sentBytes)}`,
    (use: { usedBytes: number; totalBytes: number } | null | undefined) =>
      use === null || use === undefined ? NONE : `${formatBytes(use.usedBytes)} / ${formatBytes(use.totalBytes)}`,
  ];
  const memory = guest?.memory;
  return [
    name,
    percent(cpuPercent),
    host === null ? NONE : formatMs(host.cpuMs),
    host === null ? NONE : formatBytes(host.rssBytes),
    host === null ? NONE : formatBytes(host.pssBytes),
    formatBytes(diskBytes),
    pair(host?.network),
    percent(guestCpuPercent),
    disk(memory && { usedBytes: Math.max(0, memory.totalBytes - memory.availableBytes), totalBytes: memory.totalBytes }),
    disk(guest?.root),
    disk(guest?.home),
    pair(guest?.network),
    guest === null ? NONE : guest.load[0].toFixed(2),
    guest === null ? NONE : formatSpan(guest.uptimeMs),
    guest === null ? NONE : String(guest.processes),
  ];
}

function percent(value: number | null): string {
  return value === null ? NONE : `${value.toFixed(1)} %`;
}
