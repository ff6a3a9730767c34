import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { vmRef } from "../schemas/names.ts";
import { BYTES_PROTOCOL } from "../version.ts";

/** The bytes of one connection to the sshd of a vm. `ssh.prepare` comes before it. */
export const sshConnect = defineOperation({
  name: "ssh.connect",
  kind: "stream",
  protocol: BYTES_PROTOCOL,
  summary: "Connect to the sshd of a vm",
  method: "GET",
  path: "/v1/vms/:vm/ssh",
  input: z.strictObject({ vm: vmRef }),
  output: z.null(),
  stages: [],
  errors: ["vm_not_found", "vm_not_running", "vm_held", "agent_too_old"],
  fields: { vm: { brief: "name of the vm, also as NAME.banger", placeholder: "NAME", completes: "vm" } },
  cli: { words: ["internal", "ssh-proxy"], positional: ["vm"], composed: true },
  examples: [{ command: "banger internal ssh-proxy dev.banger", does: "what ssh runs as its ProxyCommand" }],
});
