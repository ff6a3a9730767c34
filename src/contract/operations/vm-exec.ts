import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { vmRef } from "../schemas/names.ts";
import { EXEC_PROTOCOL } from "../version.ts";

/** Opens a stream of `contract/frames.ts` into a running vm; the client sends the spec of the command as its first frame. */
export const vmExec = defineOperation({
  name: "vm.exec",
  kind: "stream",
  summary: "Run a command in a vm",
  method: "POST",
  path: "/v1/vms/:vm/exec",
  input: z.strictObject({ vm: vmRef }),
  output: z.null(),
  stages: [],
  protocol: EXEC_PROTOCOL,
  errors: ["vm_not_found", "vm_not_running", "vm_held"],
  fields: { vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" } },
  cli: { words: ["vm", "exec"], aliases: [["exec"]], positional: ["vm"], composed: true },
  examples: [{ command: "banger exec dev -- uname -a", does: "run one command" }],
});
