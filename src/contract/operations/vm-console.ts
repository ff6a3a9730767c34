import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { offset } from "../schemas/log.ts";
import { EXEC_PROTOCOL } from "../version.ts";
import { vmRef } from "../schemas/names.ts";

/** Opens a stream to the serial port of a running vm, of the frames in `contract/console-frames.ts`. */
export const vmConsole = defineOperation({
  name: "vm.console",
  kind: "stream",
  protocol: EXEC_PROTOCOL,
  summary: "Attach to the console of a vm",
  method: "GET",
  path: "/v1/vms/:vm/console",
  input: z.strictObject({ vm: vmRef, from: offset.optional() }),
  output: z.null(),
  stages: [],
  errors: ["vm_not_found", "vm_not_running", "console_unreachable"],
  fields: {
    vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" },
    from: { brief: "the offset to show the console from; its last lines when left out", placeholder: "OFFSET" },
  },
  cli: { words: ["vm", "console"], aliases: [["console"]], positional: ["vm"], composed: true },
  examples: [{ command: "banger console dev", does: "the serial port in this terminal" }],
});
