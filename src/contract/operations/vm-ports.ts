import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { guestPort } from "../schemas/guest.ts";
import { vmRef } from "../schemas/names.ts";

/** What listens in a guest, as the guest says. */
export const vmPorts = defineOperation({
  name: "vm.ports",
  kind: "query",
  summary: "Show what listens in a vm",
  detail:
    "TCP and UDP ports in the guest, each with the oldest process that holds it. What listens on loopback alone is reached from inside the vm only. Containers in the guest have networks of their own, which are not looked into.",
  method: "GET",
  path: "/v1/vms/:vm/ports",
  input: z.strictObject({ vm: vmRef }),
  output: z.strictObject({
    /** By port. */
    ports: z.array(
      guestPort.extend({
        /** Whether only programs in the guest can reach it. */
        loopbackOnly: z.boolean(),
      }),
    ),
    /** False when there are more, or when not all of the guest's processes were looked into. */
    complete: z.boolean(),
  }),
  stages: [],
  errors: ["vm_not_found", "vm_not_running", "vm_held", "agent_unreachable", "agent_too_old"],
  fields: { vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" } },
  cli: { words: ["vm", "ports"], aliases: [["ports"]], positional: ["vm"] },
  examples: [{ command: "banger ports dev", does: "protocol, address, port and process" }],
});
