import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { vmRef } from "../schemas/names.ts";
import { vm } from "../schemas/vm.ts";

/** Lets a paused vm go on where it was; a running one stays as it is. */
export const vmResume = defineOperation({
  name: "vm.resume",
  kind: "long",
  summary: "Let a paused vm go on",
  detail: "Its clock, which stood still with it, is set right.",
  method: "POST",
  path: "/v1/vms/:vm/resume",
  input: z.strictObject({ vm: vmRef }),
  output: vm,
  stages: ["resume", "clock"],
  errors: ["vm_not_found", "vm_cannot_resume"],
  fields: { vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" } },
  cli: { words: ["vm", "resume"], aliases: [["resume"]], positional: ["vm"], repeat: "vm" },
  examples: [{ command: "banger resume dev", does: "it goes on where it was, at the right time" }],
});
