import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { vmName, vmRef } from "../schemas/names.ts";
import { vm } from "../schemas/vm.ts";

/** Gives a vm another name; its id stays. */
export const vmRename = defineOperation({
  name: "vm.rename",
  kind: "long",
  summary: "Give a vm another name",
  detail:
    "Its id stays, and so does everything in it. A running guest learns its new host name at once; a shell that is open shows the old one.",
  method: "POST",
  path: "/v1/vms/:vm/rename",
  input: z.strictObject({ vm: vmRef, name: vmName }),
  output: vm,
  stages: ["guest"],
  errors: ["vm_not_found", "vm_cannot_change", "vm_exists"],
  fields: {
    vm: { brief: "name or id of the vm", placeholder: "OLD", completes: "vm" },
    name: { brief: "its name from now on", placeholder: "NEW" },
  },
  cli: { words: ["vm", "rename"], aliases: [["rename"]], positional: ["vm", "name"] },
  examples: [{ command: "banger vm rename dev prod", does: "dev is called prod" }],
});
