import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { cursor, LOG_SOURCES, logPart, offset, since } from "../schemas/log.ts";
import { size, vmRef } from "../schemas/names.ts";

/** How much of a log one answer may have. */
export const LOG_PART_MAX_BYTES = 4 * 2 ** 20;

/** Which log, and from where on; `vm.follow` takes the same. */
export const logInput = z.strictObject({
  vm: vmRef,
  source: z.enum(LOG_SOURCES).default("console"),
  from: offset.optional(),
  cursor: cursor.optional(),
  since: since.optional(),
  tail: z.int().min(0).max(100_000).optional(),
  bytes: size.refine((bytes) => bytes <= LOG_PART_MAX_BYTES, "at most 4M of a log can be read at once").prefault("64K"),
});

export const LOG_FIELDS = {
  vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" },
  source: { brief: "which log; --help says what each is", placeholder: "SOURCE" },
  from: { brief: "the offset to read from, as an earlier answer gave it", placeholder: "OFFSET" },
  cursor: { brief: "the place in the guest's log to read from, as an earlier answer gave it", placeholder: "CURSOR" },
  since: { brief: "from this moment on: 10m ago, 2026-11-25, or 2026-11-25T14:00:00Z", placeholder: "TIME" },
  tail: { brief: "the last lines alone", placeholder: "LINES", alias: "n" },
  bytes: { brief: "how much to show, at most 4M: of the end, or from --from on", placeholder: "SIZE" },
} as const;

/** A part of one of a vm's logs. */
export const vmLogs = defineOperation({
  name: "vm.logs",
  kind: "query",
  summary: "Show a log of a vm",
  method: "GET",
  path: "/v1/vms/:vm/logs",
  input: logInput,
  output: logPart,
  stages: [],
  errors: ["vm_not_found", "vm_not_running", "vm_held", "log_without_times", "log_of_bytes", "no_guest_log"],
  fields: LOG_FIELDS,
  cli: { words: ["vm", "logs"], aliases: [["logs"]], positional: ["vm"], composed: true },
  examples: [{ command: "banger logs dev", does: "the end of the console" }],
});
