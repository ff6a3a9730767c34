import { BangerError } from "../../contract/errors.ts";
import { momentOf, type Since } from "../../contract/parse-since.ts";
import type { LogSource } from "../../contract/schemas/log.ts";
import type { Clock, Files, Layout } from "../../system/system.ts";
import { offsetSince } from "./log-times.ts";
import { boundsOf, readBytes } from "./read-bytes.ts";

/** Which part of a log; `from` and `cursor` go before `since` and `tail`, of which the later counts. */
export interface LogRequest {
  readonly source: LogSource;
  readonly from?: number | undefined;
  readonly cursor?: string | undefined;
  readonly since?: Since | undefined;
  /** Lines. */
  readonly tail?: number | undefined;
  readonly bytes: number;
}

export type HostSource = Exclude<LogSource, "guest">;

/** As far back as a line is looked for. */
const TAIL_MAX_BYTES = 4 * 2 ** 20;
const TIMES_MAX_BYTES = 16 * 2 ** 20;
const NEWLINE = 10;

/** The file of a log on the host. */
export function pathOfLog(layout: Layout, vmId: string, source: HostSource): string {
  switch (source) {
    case "console":
    case "agent":
      return layout.consoleLog(vmId);
    case "vmm":
      return layout.vmmLog(vmId);
    case "network":
      return layout.networkLog;
  }
}

/** Where to begin to read a log on the host. */
export async function startOf(
  request: LogRequest & { readonly source: HostSource },
  path: string,
  files: Files,
  clock: Clock,
): Promise<number> {
  const { source, from, cursor, since, tail, bytes } = request;
  if (cursor !== undefined) throw notOfBytes(source);
  if (from !== undefined) return from;
  const earliest = since === undefined ? 0 : await offsetOf(since, source, path, files, clock);
  if (since !== undefined && tail === undefined) return earliest;
  const { logEndOffset } = await boundsOf(files, path);
  // Of the agent's lines there are few among many: they are looked for in all of what could be read at once.
  const window = tail === undefined && source !== "agent" ? bytes : TAIL_MAX_BYTES;
  const start = Math.max(0, logEndOffset - window);
  if (tail === 0) return logEndOffset;
  const last = await readBytes(files, path, start, logEndOffset - start);
  const cut =
    tail === undefined || source === "agent" ? wholeLines(last.bytes, last.offset > last.firstOffset) : lastLines(last.bytes, tail);
  return Math.max(earliest, last.offset + cut);
}

/** Where a log was at a moment. */
async function offsetOf(since: Since, source: HostSource, path: string, files: Files, clock: Clock): Promise<number> {
  if (source !== "console" && source !== "agent") throw withoutTimes(source);
  const atMs = momentOf(since, clock.nowMs());
  if (atMs > clock.nowMs()) return (await boundsOf(files, path)).logEndOffset;
  const times = `${path}.times`;
  return (await files.find(times)) === undefined ? 0 : offsetSince(await files.read(times, TIMES_MAX_BYTES), atMs);
}

/** Where the first whole line begins; a log with none is shown as it is. */
function wholeLines(bytes: Uint8Array, isCut: boolean): number {
  const newline = bytes.indexOf(NEWLINE);
  return isCut && newline >= 0 && newline + 1 < bytes.length ? newline + 1 : 0;
}

/** Where the last `count` lines begin, of one at least; what follows the last newline is a line. */
export function lastLines(bytes: Uint8Array, count: number): number {
  let at = bytes.at(-1) === NEWLINE ? bytes.length - 1 : bytes.length;
  for (let left = count; left > 0; left -= 1) {
    at = at === 0 ? -1 : bytes.lastIndexOf(NEWLINE, at - 1);
    if (at < 0) return 0;
  }
  return at + 1;
}

function withoutTimes(source: string): BangerError {
  return new BangerError("invalid", "log_without_times", `cannot read the log ${source} since a moment: nobody notes when its lines come`, {
    hint: "--tail 100",
  });
}

function notOfBytes(source: string): BangerError {
  return new BangerError("invalid", "log_of_bytes", `cannot read the log ${source} by a cursor: it is read by offset`, {
    hint: "--from 0",
  });
}
