import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { vmRef } from "../schemas/names.ts";

/** Deletes a vm; refused while it runs, unless forced. */
export const vmDelete = defineOperation({
  name: "vm.delete",
  kind: "long",
  summary: "Delete a vm and its disks",
  detail: "A running vm is left alone unless --force is given.",
  method: "DELETE",
  path: "/v1/vms/:vm",
  input: z.strictObject({ vm: vmRef, force: z.boolean().default(false) }),
  output: z.strictObject({ vm: z.string() }),
  stages: ["halt", "delete"],
  errors: ["vm_not_found", "vm_cannot_delete"],
  fields: {
    vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" },
    force: { brief: "stop it first when it runs", alias: "f" },
  },
  cli: { words: ["vm", "delete"], aliases: [["rm"], ["vm", "rm"]], positional: ["vm"], repeat: "vm" },
  examples: [
    { command: "banger rm dev", does: "delete a stopped vm" },
    { command: "banger rm --force dev test", does: "delete two, also when they run" },
  ],
});
