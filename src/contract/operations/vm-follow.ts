import { defineOperation } from "../operation.ts";
import { followedLine } from "../schemas/log.ts";
import { LOG_FIELDS, logInput } from "./vm-logs.ts";

/** A log as it grows: parts, a line each, until the vm has stopped. Asked again from the last part's end, it goes on there. */
export const vmFollow = defineOperation({
  name: "vm.follow",
  kind: "follow",
  summary: "Follow a log of a vm",
  method: "GET",
  path: "/v1/vms/:vm/logs/follow",
  input: logInput,
  output: followedLine,
  stages: [],
  errors: ["vm_not_found", "vm_not_running", "vm_held", "log_without_times", "log_of_bytes", "no_guest_log"],
  fields: LOG_FIELDS,
  cli: { words: ["vm", "follow"], positional: ["vm"], composed: true },
  examples: [{ command: "banger vm follow dev", does: "the console as it grows" }],
});
