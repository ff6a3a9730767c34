/** A log of JSON lines. */
import { jsonLine } from "../contract/json-line.ts";
import type { Log, LogFields } from "./log.ts";
import { makeLogSink, type LogSink } from "./log-sink.ts";

/** @param to a sink, or a descriptor to append to. Levels below `least` are left out. */
export function makeJsonLog(to: number | Pick<LogSink, "write">, least: "debug" | "info" = "info", base: LogFields = {}): Log {
  const sink = typeof to === "number" ? makeLogSink(to) : to;
  const write = (level: string, message: string, fields: LogFields = {}): void => {
    sink.write(jsonLine({ at: new Date().toISOString(), level, message, ...base, ...fields }, errorsAsText));
  };
  return {
    debug: (message, fields) => {
      if (least === "debug") write("debug", message, fields);
    },
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
    with: (fields) => makeJsonLog(sink, least, { ...base, ...fields }),
  };
}

/** JSON shows an `Error` as `{}`. */
function errorsAsText(_key: string, value: unknown): unknown {
  return value instanceof Error ? (value.stack ?? value.message) : value;
}
