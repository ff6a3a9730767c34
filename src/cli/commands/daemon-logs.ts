import { followDaemonLog, readDaemonLog } from "../../sdk/read-daemon-log.ts";
import { EXIT } from "../../contract/errors.ts";
import type { Run } from "../command.ts";
import { daemonPlace } from "../daemon-place.ts";
import { print } from "../print.ts";
import { jsonLine } from "../../contract/json-line.ts";
import { parseEntry, showLogLine } from "../show/log-line.ts";

const DEFAULT_LINES = 100;

/** `banger daemon logs`: reads the file, so it works when no daemon does. With --json one entry a line. */
export const daemonLogs: Run = async ({ given, json }, environment) => {
  const { logPath } = daemonPlace(environment);
  const show = (line: string): void =>
    print(environment.stdout.descriptor, json ? jsonLine(parseEntry(line) ?? { message: line }) : showLogLine(line));
  const { lines, endOffset } = readDaemonLog(logPath, Number(given["lines"] ?? DEFAULT_LINES));
  for (const line of lines) show(line);
  if (given["follow"] !== true) return EXIT.done;
  for await (const line of followDaemonLog(logPath, endOffset)) show(line);
  return EXIT.done;
};
