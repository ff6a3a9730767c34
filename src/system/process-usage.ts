/** What processes use, as the kernel says in `/proc`. */
import { readlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isAlive } from "./process-identity.ts";
import type { Clock, NetworkUsage, ProcessIdentity, ProcessUsage } from "./system.ts";

/** The kernel tells times to programs in hundredths of a second, whatever its own tick is. */
const MS_PER_TICK = 10;

export async function usageOf(identity: ProcessIdentity, clock: Clock): Promise<ProcessUsage | undefined> {
  const [stat, status, rollup] = await Promise.all(["stat", "status", "smaps_rollup"].map((name) => readOf(identity.pid, name)));
  const cpuMs = parseCpuMs(stat ?? "");
  const rssBytes = parseKilobytes(status ?? "", "VmRSS");
  // Asked last: then all of it was said of this very process.
  if (cpuMs === undefined || rssBytes === undefined || !isAlive(identity, clock)) return undefined;
  return { cpuMs, rssBytes, pssBytes: parseKilobytes(rollup ?? "", "Pss") };
}

export async function networkCardsOf(identity: ProcessIdentity, clock: Clock): Promise<ReadonlyMap<string, NetworkUsage> | undefined> {
  const text = await readOf(identity.pid, "net/dev");
  return text === undefined || !isAlive(identity, clock) ? undefined : parseCards(text);
}

export function networkNamespaceOf(identity: ProcessIdentity, clock: Clock): string | undefined {
  try {
    const name = readlinkSync(`/proc/${identity.pid}/ns/net`);
    return isAlive(identity, clock) ? name : undefined;
  } catch {
    return undefined;
  }
}

/** The processor time in `/proc/PID/stat`. The name stands in brackets and may hold anything: what follows is counted from the last one. */
export function parseCpuMs(text: string): number | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [parseCount(fields[11]), parseCount(fields[12])];
  return user === undefined || system === undefined ? undefined : (user + system) * MS_PER_TICK;
}

/** The bytes of a line `NAME: 12 kB`. */
export function parseKilobytes(text: string, name: string): number | undefined {
  const value = parseCount(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]);
  return value === undefined ? undefined : value * 1024;
}

/** The cards of `/proc/net/dev`. */
export function parseCards(text: string): ReadonlyMap<string, NetworkUsage> {
  const cards = new Map<string, NetworkUsage>();
  for (const line of text.split("\n")) {
    const [, name, counts = ""] = /^\s*(\S+):\s*(.*)$/.exec(line) ?? [];
    const fields = counts.split(/\s+/);
    if (name !== undefined) cards.set(name, { receivedBytes: parseCount(fields[0]) ?? 0, sentBytes: parseCount(fields[8]) ?? 0 });
  }
  return cards;
}

function parseCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Undefined for a process that is gone, and for what we may not read. */
async function readOf(pid: number, name: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return undefined;
  }
}
