/** A log of JSON lines on a file descriptor. Written at once: a crash loses nothing that was said. */
import { writeSync } from "node:fs";
import { jsonLine } from "../contract/json-line.ts";
import type { Log, LogFields } from "./log.ts";

/** Levels below `least` are left out. */
export function makeJsonLog(descriptor: number, least: "debug" | "info" = "info", base: LogFields = {}): Log {
  const write = (level: string, message: string, fields: LogFields = {}): void => {
    writeSync(descriptor, jsonLine({ at: new Date().toISOString(), level, message, ...base, ...fields }, errorsAsText));
  };
  return {
    debug: (message, fields) => {
      if (least === "debug") write("debug", message, fields);
    },
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
    with: (fields) => makeJsonLog(descriptor, least, { ...base, ...fields }),
  };
}

/** JSON shows an `Error` as `{}`. */
function errorsAsText(_key: string, value: unknown): unknown {
  return value instanceof Error ? (value.stack ?? value.message) : value;
}
