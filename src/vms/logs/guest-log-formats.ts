/** The logs that a guest may keep: how each is asked for by a command in the guest, and what its lines say. */
import { BangerError } from "../../contract/errors.ts";
import { momentOf } from "../../contract/parse-since.ts";
import type { Clock } from "../../system/system.ts";
import { parseJournalEntry } from "./journal-entry.ts";
import type { LogRequest } from "./log-request.ts";

/** As much as is taken of what a command in the guest prints. */
export const MAX_OUTPUT_BYTES = 16 * 2 ** 20;

export interface GuestLog {
  /** Prints its lines, a whole log from its place on. */
  command(request: LogRequest, cursor: string | undefined, follow: boolean): readonly string[];
  /** Undefined for a line that says nothing. */
  parse(line: string): { readonly text: string; readonly cursor: string } | undefined;
}

/** A line of a log has some such length: what is asked for in bytes is asked for in lines. */
const LINE_BYTES = 64;
const MOST_LINES = 20_000;

/** Files that a syslog writes. */
export const LOG_FILES: readonly string[] = ["/var/log/syslog", "/var/log/messages"];

/** Whether what is asked for begins at a place, and not so far from the end. */
export function isFromPlace({ since, tail }: LogRequest, cursor: string | undefined): boolean {
  return cursor !== undefined || (since !== undefined && tail === undefined);
}

function linesOf({ tail, bytes }: LogRequest): number {
  return tail ?? Math.min(Math.ceil(bytes / LINE_BYTES), MOST_LINES);
}

/** Without an end that it reached by itself a command prints so much: of a place on the first, of the end the last. */
function bounded(words: readonly string[], fromPlace: boolean): readonly string[] {
  return ["sh", "-c", `"$@" | ${fromPlace ? "head" : "tail"} -c ${MAX_OUTPUT_BYTES}`, "sh", ...words];
}

/** systemd's. */
export function journal(clock: Clock): GuestLog {
  const command: GuestLog["command"] = (request, cursor, follow) => {
    const { since } = request;
    const fromPlace = isFromPlace(request, cursor);
    const words = [
      ...["journalctl", "--quiet", "--no-pager", "--output=json", "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_COMM,_PID"],
      ...(follow ? ["--follow"] : []),
      ...(cursor === undefined ? [] : [`--after-cursor=${cursor}`]),
      ...(cursor === undefined && since !== undefined ? [`--since=@${(momentOf(since, clock.nowMs()) / 1000).toFixed(3)}`] : []),
      ...(fromPlace ? (follow ? ["--no-tail"] : []) : [`--lines=${linesOf(request)}`]),
    ];
    return follow ? words : bounded(words, fromPlace);
  };
  return { command, parse: parseJournalEntry };
}

/** One of `LOG_FILES`. Its cursor is the file and the number of the last line. */
export function plainFile(path: string): GuestLog {
  const numbered = /^(?<number>\d{1,15}) (?<text>.*)$/s;
  return {
    command: (request, cursor, follow) => {
      if (request.since !== undefined) throw fileWithoutTimes(path);
      const last = cursor?.startsWith(`${path}:`) === true ? Number(cursor.slice(path.length + 1)) : undefined;
      const from =
        last !== undefined && Number.isSafeInteger(last)
          ? `first=${last + 1}`
          : `first=$(($(wc -l < "$1") - ${linesOf(request)} + 1)); [ $first -ge 1 ] || first=1`;
      // Counted in the guest: what is printed carries its number.
      const script = `${from}; tail -n "+$first" ${follow ? "-F" : ""} "$1" 2>/dev/null | while IFS= read -r line; do echo "$first $line"; first=$((first + 1)); done`;
      const words = ["sh", "-c", script, "sh", path];
      return follow ? words : bounded(words, isFromPlace(request, cursor));
    },
    parse: (line) => {
      const { number, text } = numbered.exec(line)?.groups ?? {};
      return number === undefined ? undefined : { cursor: `${path}:${number}`, text: `${text ?? ""}\n` };
    },
  };
}

function fileWithoutTimes(path: string): BangerError {
  return new BangerError("invalid", "log_without_times", `cannot read ${path} of the guest since a moment: its lines are not parsed`, {
    hint: "--tail 100",
  });
}
