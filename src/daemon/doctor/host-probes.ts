/** What the daemon itself needs of the computer. */
import { BangerError } from "../../contract/errors.ts";
import type { Probe, ProbeAnswer } from "../../contract/probe.ts";
import type { System } from "../../system/system.ts";
import { parseConfig } from "../config.ts";
import { readConfigFile } from "../config-file.ts";
import { requirePrivate } from "../private-folder.ts";
import type { DoctorParts } from "./doctor.ts";

const DEADLINE_MS = 10_000;
const GIB = 2 ** 30;
/** An image and a vm or two. */
const LEAST_FREE_BYTES = 2 * GIB;
/** A vm of the usual size and something beside it. */
const LEAST_MEMORY_BYTES = 1.25 * GIB;
/** When this was written: a clock that says less was never set. */
const NOT_BEFORE_MS = Date.UTC(2026, 0);

const fine = (detail: string): ProbeAnswer => ({ status: "fine", detail });

export function hostProbes({ system, uid, config }: Pick<DoctorParts, "system" | "uid" | "config">): readonly Probe[] {
  const probe = (name: string, look: Probe["look"]): Probe => ({ name, deadlineMs: DEADLINE_MS, look });
  return [
    probe("config", () => lookAtConfig(system, config)),
    probe("state folder", () => lookAtFolder(system, system.layout.roots.state, uid)),
    probe("run folder", () => lookAtFolder(system, system.layout.roots.run, uid)),
    probe("database", () => lookAtDatabase(system)),
    probe("disk space", () => lookAtSpace(system)),
    probe("memory", () => lookAtMemory(system)),
    probe("clock", () => lookAtClock(system)),
    probe("linger", (signal) => lookAtLinger(system, uid, signal)),
  ];
}

async function lookAtConfig(system: System, atStart: DoctorParts["config"]): Promise<ProbeAnswer> {
  const { path, text } = await readConfigFile(system);
  // Throws with every problem and its line.
  parseConfig(text ?? "", path);
  if (atStart !== undefined && atStart.text !== text) {
    return {
      status: "not used",
      detail: `${path} was changed since the daemon started`,
      hint: "banger daemon stop, and the next command takes it",
    };
  }
  return fine(text === undefined ? "there is none: defaults hold" : path);
}

/** That its sockets have room below it was seen when the layout was made. */
async function lookAtFolder({ files }: System, path: string, uid: number): Promise<ProbeAnswer> {
  const found = await files.find(path);
  if (found === undefined) return { status: "not used", detail: `${path} is made when a daemon starts` };
  requirePrivate(path, found, uid);
  return fine(path);
}

async function lookAtDatabase({ files, databases, layout }: System): Promise<ProbeAnswer> {
  const path = layout.database;
  if ((await files.find(path)) === undefined) return { status: "not used", detail: "there is none yet" };
  const said = checkDatabase(databases, path);
  if (said.join() === "ok") return fine(path);
  throw new BangerError("unavailable", "database_damaged", `${path} is damaged: ${said.slice(0, 3).join("; ")}`, {
    hint: `banger daemon stop; keep a copy of ${layout.roots.state}; what can be saved: sqlite3 ${path} .recover`,
  });
}

/** What SQLite says of it; `ok` when it is whole. */
function checkDatabase(databases: System["databases"], path: string): readonly string[] {
  try {
    using database = databases.openToRead(path);
    return database.all("PRAGMA quick_check").flatMap((row) => Object.values(row).map(String));
  } catch (error) {
    // One that is damaged at its root cannot even be checked.
    return [error instanceof Error ? error.message : String(error)];
  }
}

async function lookAtSpace({ files, layout: { roots } }: System): Promise<ProbeAnswer> {
  const folders = await Promise.all(
    [roots.state, roots.data, roots.cache].map(async (folder) => ((await files.find(folder)) === undefined ? [] : [folder])),
  );
  const free = await Promise.all(folders.flat().map(async (folder) => ({ folder, bytes: await files.freeBytes(folder) })));
  const least = free.toSorted((a, b) => a.bytes - b.bytes)[0];
  if (least === undefined) return { status: "not used", detail: "nothing is stored yet" };
  const detail = `${gib(least.bytes)} are free for ${least.folder}`;
  if (least.bytes >= LEAST_FREE_BYTES) return fine(detail);
  return { status: "missing", detail, hint: "banger system prune, or set BANGER_HOME to a folder on another disk" };
}

async function lookAtMemory({ files }: System): Promise<ProbeAnswer> {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(await files.readText("/proc/meminfo"))?.[1];
  const bytes = Number(kib ?? 0) * 1024;
  const detail = `${gib(bytes)} are available`;
  return bytes >= LEAST_MEMORY_BYTES
    ? fine(detail)
    : { status: "missing", detail, hint: "banger ps; stop what is not needed, or create vms with less --memory" };
}

/** Signatures are in date or not by this clock, and a guest gets its time from it. */
async function lookAtClock({ clock }: System): Promise<ProbeAnswer> {
  const now = new Date(clock.nowMs()).toISOString();
  if (clock.nowMs() >= NOT_BEFORE_MS) return fine(now);
  return { status: "missing", detail: `it says ${now}`, hint: "sudo timedatectl set-ntp true" };
}

async function lookAtLinger({ files, processes }: System, uid: number, signal: AbortSignal): Promise<ProbeAnswer> {
  if (uid === 0) return { status: "not used", detail: "what is root's is not ended at logout" };
  if ((await files.find("/run/systemd/system")) === undefined)
    return { status: "not used", detail: "no systemd runs that would end vms at logout" };
  const { code, stdout, stderr } = await processes.run(["loginctl", "show-user", String(uid), "--property=Linger", "--value"], {
    timeoutMs: DEADLINE_MS,
    signal,
  });
  if (code !== 0) return { status: "not used", detail: `loginctl could not say: ${stderr.trim().split("\n").at(-1) ?? ""}` };
  if (stdout.trim() === "yes") return fine("vms run on when you log out");
  return { status: "not used", detail: "vms end when you log out", hint: "sudo loginctl enable-linger $USER, to have them run on" };
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
