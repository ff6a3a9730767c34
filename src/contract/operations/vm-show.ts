import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { vmRef } from "../schemas/names.ts";
import { sshServerOf } from "../schemas/ssh-server.ts";
import { vm } from "../schemas/vm.ts";

/** One vm with everything that is known of it. */
export const vmShow = defineOperation({
  name: "vm.show",
  kind: "query",
  summary: "Show one vm",
  method: "GET",
  path: "/v1/vms/:vm",
  input: z.strictObject({ vm: vmRef }),
  output: vm.extend({
    /** Who answers over SSH; null while it does not run, or when the guest does not say so at once. */
    ssh: sshServerOf.nullable(),
  }),
  stages: [],
  errors: ["vm_not_found"],
  fields: { vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" } },
  cli: { words: ["vm", "show"], positional: ["vm"] },
  examples: [{ command: "banger vm show dev", does: "state, disks, network and the times of the last start" }],
});
