import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { duration, vmRef } from "../schemas/names.ts";
import { vm } from "../schemas/vm.ts";

/** Asks the guest to power off, and forces it after the grace. */
export const vmStop = defineOperation({
  name: "vm.stop",
  kind: "long",
  summary: "Stop a vm",
  detail: "The guest is asked to power off; what still runs after the grace is ended by force.",
  method: "POST",
  path: "/v1/vms/:vm/stop",
  input: z.strictObject({ vm: vmRef, grace: duration.prefault("10s") }),
  output: vm,
  stages: ["power off", "halt"],
  errors: ["vm_not_found", "vm_cannot_stop"],
  fields: {
    vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" },
    grace: { brief: "how long the guest may take", placeholder: "DURATION" },
  },
  cli: { words: ["vm", "stop"], aliases: [["stop"]], positional: ["vm"], repeat: "vm" },
  examples: [
    { command: "banger stop dev", does: "ask the guest to power off, force after 10 s" },
    { command: "banger stop dev test --grace 1m", does: "stop two, and give each a minute" },
  ],
});
