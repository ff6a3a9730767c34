import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { size, vmRef } from "../schemas/names.ts";

/** The end of a vm's console log. */
export const vmLogs = defineOperation({
  name: "vm.logs",
  kind: "query",
  summary: "Show the console of a vm",
  detail: "The console is what the guest's kernel and init wrote to the serial port since the vm was made.",
  method: "GET",
  path: "/v1/vms/:vm/logs",
  input: z.strictObject({
    vm: vmRef,
    bytes: size.refine((bytes) => bytes <= 4 * 2 ** 20, "at most 4M of the log can be read at once").prefault("64K"),
  }),
  output: z.strictObject({
    /** As the guest wrote it: show it escaped. */
    text: z.string(),
    /** Offset in bytes of the end of `text` in the log. */
    endOffset: z.number(),
  }),
  stages: [],
  errors: ["vm_not_found"],
  fields: {
    vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" },
    bytes: { brief: "how much of the end to show, at most 4M", placeholder: "SIZE" },
  },
  cli: { words: ["vm", "logs"], aliases: [["logs"]], positional: ["vm"] },
  examples: [
    { command: "banger logs dev", does: "the end of the console" },
    { command: "banger logs dev --bytes 1M", does: "more of it" },
  ],
});
