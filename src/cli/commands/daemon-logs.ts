import { followDaemonLog, readDaemonLog } from "../../sdk/read-daemon-log.ts";
import { EXIT } from "../../contract/errors.ts";
import { momentOf, parseSince } from "../../contract/parse-since.ts";
import type { Run } from "../command.ts";
import { daemonPlace } from "../daemon-place.ts";
import { localMoment } from "../local-moment.ts";
import { print } from "../print.ts";
import { jsonLine } from "../../contract/json-line.ts";
import { parseEntry, showLogLine } from "../show/log-line.ts";
import { UsageError } from "../usage-error.ts";

const DEFAULT_LINES = 100;

/** `banger daemon logs`: reads the file, so it works when no daemon does. With --json one entry a line. */
export const daemonLogs: Run = async ({ given, json }, environment) => {
  const { logPath } = daemonPlace(environment);
  const { tail, since, follow } = given as { tail?: number; since?: string; follow?: boolean };
  const wanted = {
    tail: tail ?? (since === undefined ? DEFAULT_LINES : Infinity),
    sinceMs: since === undefined ? undefined : readMoment(since),
  };
  if (tail !== undefined && tail < 0) throw new UsageError("--tail takes a number from 0 on");
  const show = (line: string): void =>
    print(environment.stdout.descriptor, json ? jsonLine(parseEntry(line) ?? { message: line }) : showLogLine(line));
  const { lines, endOffset } = readDaemonLog(logPath, wanted.tail);
  for (const line of linesSince(lines, wanted.sinceMs)) show(line);
  if (follow !== true) return EXIT.done;
  for await (const line of followDaemonLog(logPath, endOffset)) show(line);
  return EXIT.done;
};

function readMoment(typed: string): number {
  const since = parseSince(localMoment(typed));
  if (since === undefined)
    throw new UsageError(`--since: ${JSON.stringify(typed)} is no moment; write it like 10m, 2026-11-25, or 2026-11-25T14:00:00Z`);
  return momentOf(since, Date.now());
}

/** Those from the first entry on that is not older: a line without a time belongs to what stands before it. */
function linesSince(lines: readonly string[], sinceMs: number | undefined): readonly string[] {
  if (sinceMs === undefined) return lines;
  const first = lines.findIndex((line) => Date.parse(String(parseEntry(line)?.["at"])) >= sinceMs);
  return first < 0 ? [] : lines.slice(first);
}
