/**
 * A log of JSON lines. It never throws, for it is called where something has just gone wrong: what cannot be written is lost.
 */
import { BangerError } from "../contract/errors.ts";
import { isSystemError } from "../contract/system-error.ts";
import { jsonLine } from "../contract/json-line.ts";
import type { Log, LogFields } from "./log.ts";
import { makeLogSink, type LogSink } from "./log-sink.ts";

/** @param to a sink, or a descriptor to append to. Levels below `least` are left out. */
export function makeJsonLog(to: number | Pick<LogSink, "write">, least: "debug" | "info" = "info"): Log {
  const sink = typeof to === "number" ? makeLogSink(to) : to;
  const write = (level: string, message: string, fields: LogFields = {}): void => {
    try {
      sink.write(lineOf({ at: new Date().toISOString(), level, message }, fields));
    } catch {
      // A full disk, or a reader that has gone away. There is nowhere to say so.
    }
  };
  return {
    debug: (message, fields) => {
      if (least === "debug") write("debug", message, fields);
    },
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
  };
}

function lineOf(start: LogFields, fields: LogFields): string {
  try {
    return jsonLine({ ...start, ...fields }, errorsAsText);
  } catch (error) {
    // A circle, or a number that JSON does not have.
    return jsonLine({ ...start, unwritable: Object.keys(fields), because: String(error) });
  }
}

/** JSON shows an `Error` as `{}`. */
function errorsAsText(_key: string, value: unknown): unknown {
  return value instanceof Error ? textOf(value) : value;
}

/** What was foreseen is said in words; where a bug comes from only its trace tells. */
function textOf(error: Error): string {
  if (!(error instanceof BangerError)) return error.stack ?? error.message;
  const { code, message, cause } = error;
  if (!(cause instanceof Error)) return `${code}: ${message}`;
  const isForeseen = cause instanceof BangerError || isSystemError(cause);
  if (isForeseen && cause.message !== "" && message.includes(cause.message)) return `${code}: ${message}`;
  return `${code}: ${message}; because: ${isSystemError(cause) ? cause.message : textOf(cause)}`;
}
