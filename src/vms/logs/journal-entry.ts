/** Entries of systemd's journal, as `journalctl --output=json` writes them. The guest may write what it likes. */
import { z } from "zod";

/** A field that is no UTF-8 comes as numbers, and one that is too long as nothing. */
const field = z.union([z.string(), z.array(z.int().min(0).max(255)), z.null()]).optional();

/** Not strict: an entry has whatever fields its writer gave it. */
const entry = z.object({
  __CURSOR: z
    .string()
    .max(512)
    .regex(/^[!-~]+$/),
  __REALTIME_TIMESTAMP: z.string().regex(/^\d{1,16}$/),
  MESSAGE: field,
  SYSLOG_IDENTIFIER: field,
  _COMM: field,
  _PID: field,
});

export interface JournalEntry {
  readonly cursor: string;
  /** With its newline: `2026-11-25T14:00:00.000Z sshd[12]: ...`. */
  readonly text: string;
}

/** Undefined for a line that is no entry. */
export function parseJournalEntry(line: string): JournalEntry | undefined {
  const value = tryJson(line);
  const { data } = entry.safeParse(value);
  if (data === undefined) return undefined;
  const time = new Date(Math.floor(Number(data.__REALTIME_TIMESTAMP) / 1000));
  const moment = Number.isNaN(time.getTime()) ? "?" : time.toISOString();
  const who = textOf(data.SYSLOG_IDENTIFIER) ?? textOf(data._COMM) ?? "?";
  const pid = textOf(data._PID);
  return {
    cursor: data.__CURSOR,
    text: `${moment} ${who}${pid === undefined ? "" : `[${pid}]`}: ${textOf(data.MESSAGE) ?? "(too long)"}\n`,
  };
}

function textOf(value: z.output<typeof field>): string | undefined {
  return value === undefined || value === null ? undefined : typeof value === "string" ? value : Buffer.from(value).toString("utf8");
}

function tryJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // the caller is told that it is no entry
  }
}
