import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { vmRef } from "../schemas/names.ts";
import { vm } from "../schemas/vm.ts";

/** Ends the VMM at once. */
export const vmKill = defineOperation({
  name: "vm.kill",
  kind: "long",
  summary: "Stop a vm by force",
  detail: "The guest is not asked; what it had not written to its disks is lost.",
  method: "POST",
  path: "/v1/vms/:vm/kill",
  input: z.strictObject({ vm: vmRef }),
  output: vm,
  stages: ["halt"],
  errors: ["vm_not_found", "vm_cannot_kill"],
  fields: {
    vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" },
  },
  cli: { words: ["vm", "kill"], aliases: [["kill"]], positional: ["vm"], repeat: "vm" },
  examples: [{ command: "banger kill dev", does: "end it at once" }],
});
