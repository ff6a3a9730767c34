import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { vmRef } from "../schemas/names.ts";
import { sshServerOf } from "../schemas/ssh-server.ts";

/** Before each connection: the guest learns our key, and the client the guest's. */
export const sshPrepare = defineOperation({
  name: "ssh.prepare",
  kind: "change",
  summary: "Make a vm ready for SSH",
  method: "POST",
  path: "/v1/vms/:vm/ssh",
  input: z.strictObject({ vm: vmRef }),
  output: z.strictObject({
    vmId: z.string(),
    name: z.string(),
    /** What the client calls it: `dev.banger`. */
    host: z.string(),
    /** The path of the sshd in the guest. */
    server: z.string(),
    serverOf: sshServerOf,
  }),
  stages: [],
  errors: ["vm_not_found", "vm_not_running", "vm_held", "no_sshd", "agent_too_old", "program_missing", "bad_ssh_key", "ssh_key_missing"],
  fields: { vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" } },
  cli: { words: ["vm", "ssh"], aliases: [["ssh"]], positional: ["vm"], composed: true },
  examples: [{ command: "banger ssh dev", does: "a login shell over SSH" }],
});
