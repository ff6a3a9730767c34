import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { vmRef } from "../schemas/names.ts";
import { vm } from "../schemas/vm.ts";

/** Makes a running vm stand still; a paused one stays as it is. */
export const vmPause = defineOperation({
  name: "vm.pause",
  kind: "long",
  summary: "Make a vm stand still",
  detail:
    "Its memory, processes and connections are kept, and it takes no CPU. A paused vm is lost when the computer goes down, as a running one is.",
  method: "POST",
  path: "/v1/vms/:vm/pause",
  input: z.strictObject({ vm: vmRef }),
  output: vm,
  stages: ["pause"],
  errors: ["vm_not_found", "vm_cannot_pause", "cannot_pause"],
  fields: { vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" } },
  cli: { words: ["vm", "pause"], aliases: [["pause"]], positional: ["vm"], repeat: "vm" },
  examples: [{ command: "banger pause dev", does: "everything in it stands still, and nothing is lost" }],
});
