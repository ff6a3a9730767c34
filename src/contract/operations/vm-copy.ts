import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { vmRef } from "../schemas/names.ts";
import { COPY_PROTOCOL } from "../version.ts";

/** Opens a stream of `contract/copy-frames.ts` into a running vm; the client sends what is to be copied as its first frame. */
export const vmCopy = defineOperation({
  name: "vm.copy",
  kind: "stream",
  summary: "Copy files and folders between this computer and a vm",
  method: "POST",
  path: "/v1/vms/:vm/copy",
  input: z.strictObject({ vm: vmRef }),
  output: z.null(),
  stages: [],
  protocol: COPY_PROTOCOL,
  errors: ["vm_not_found", "vm_not_running", "vm_held"],
  fields: { vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" } },
  cli: { words: ["vm", "cp"], aliases: [["cp"]], positional: ["vm"], composed: true },
  examples: [{ command: "banger cp notes.md dev:", does: "one file into the home in a vm" }],
});
