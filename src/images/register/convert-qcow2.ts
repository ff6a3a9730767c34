/**
 * A qcow2 -> a raw disk, by `qemu-img`. Only a copy of ours is ever given to it, whose header we have read, by a name that means a file, with the
 * format said and without a backing file; and it may take no more memory, time and disk than such a thing needs.
 */
import { z } from "zod";
import { diskFull } from "../../contract/disk-full.ts";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { MOST_BYTES } from "./find-root.ts";
import { QCOW2_HEADER_BYTES, readQcow2Header } from "./qcow2-header.ts";

const TIMEOUT_MS = 30 * 60_000;
const MEMORY_BYTES = 2 * 2 ** 30;
const INFO_MAX_BYTES = 1024 * 1024;
const AS_RAW = "qemu-img convert -O raw DISK disk.raw, and register that";

const info = z.object({
  format: z.literal("qcow2"),
  "virtual-size": z.number().int().positive(),
  "backing-filename": z.never().optional(),
  "full-backing-filename": z.never().optional(),
  encrypted: z.literal(false).optional(),
  "format-specific": z.object({ data: z.object({ "data-file": z.never().optional(), corrupt: z.literal(false).optional() }) }).optional(),
});

/** Looks at what its header says, and whether there is who converts it. Throws `refused` `disk_not_usable`, `unavailable` `program_missing`. */
export async function requireConvertible({ files, processes }: System, path: string, what: string): Promise<{ readonly bytes: number }> {
  const header = readQcow2Header(await files.readRange(path, 0, QCOW2_HEADER_BYTES));
  if (typeof header === "string") throw unusable(`${what}: it ${header}`);
  if (header.bytes > MOST_BYTES) throw unusable(`${what}: its disk is larger than ${MOST_BYTES / 2 ** 30} GiB`);
  if (processes.which("qemu-img") !== undefined) return header;
  throw new BangerError("unavailable", "program_missing", `${what}: it is a qcow2, and qemu-img is not installed`, {
    hint: "apt install qemu-utils",
  });
}

/**
 * @param copyPath a file of our own, which nobody else changes.
 * @param rawPath a new file, in a draft.
 */
export async function convertQcow2(system: System, copyPath: string, rawPath: string, what: string, signal: AbortSignal): Promise<void> {
  const header = await requireConvertible(system, copyPath, what);
  const image = `json:${JSON.stringify({ driver: "qcow2", file: { driver: "file", filename: copyPath }, backing: null })}`;
  const subject = { what, bytes: header.bytes };
  await requireAlone(system, image, subject, signal);
  await run(system, ["convert", "-O", "raw", "-S", "64k", image, rawPath], subject, signal);
}

/** Of what it is told. */
interface Subject {
  readonly what: string;
  /** Of the disk in it. */
  readonly bytes: number;
}

/** The same question to who will read it. */
async function requireAlone(system: System, image: string, subject: Subject, signal: AbortSignal): Promise<void> {
  const text = await run(system, ["info", "--output=json", image], subject, signal);
  const said = info.safeParse(jsonOf(text));
  if (!said.success || said.data["virtual-size"] !== subject.bytes)
    throw unusable(`${subject.what}: qemu-img tells something else of it than its header`);
}

async function run(system: System, words: readonly string[], { what, bytes }: Subject, signal: AbortSignal): Promise<string> {
  const limits = [`--as=${MEMORY_BYTES}`, `--fsize=${bytes}`, "--core=0", "--nofile=64"];
  const done = await system.processes.run(["prlimit", ...limits, "qemu-img", ...words], {
    timeoutMs: TIMEOUT_MS,
    signal,
    isPatient: true,
    maxOutputBytes: INFO_MAX_BYTES,
  });
  if (done.code === 0) return done.stdout;
  const why = done.stderr.trim().split("\n").at(-1) ?? "";
  if (/No space left on device|Disk quota exceeded/i.test(done.stderr)) throw diskFull(what, system.layout.images, done.stderr);
  throw unusable(`${what}: qemu-img cannot read it: ${why === "" ? `it ended with ${done.code ?? done.signal}` : why}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unusable(message: string): BangerError {
  return new BangerError("refused", "disk_not_usable", message, { hint: AS_RAW });
}
