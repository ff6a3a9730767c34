import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { vmRef } from "../schemas/names.ts";
import { BYTES_PROTOCOL } from "../version.ts";

/** Opens a TCP connection to a port of 127.0.0.1 in a running vm: raw bytes both ways, each side ending its own. */
export const vmDial = defineOperation({
  name: "vm.dial",
  kind: "stream",
  protocol: BYTES_PROTOCOL,
  summary: "Connect stdin and stdout to a port in a vm",
  method: "GET",
  path: "/v1/vms/:vm/dial",
  input: z.strictObject({ vm: vmRef, port: z.int().min(1).max(65_535) }),
  output: z.null(),
  stages: [],
  errors: ["vm_not_found", "vm_not_running", "vm_held", "guest_port_closed"],
  fields: {
    vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" },
    port: { brief: "a TCP port on which something listens in the vm, on 127.0.0.1 or on all addresses", placeholder: "PORT" },
  },
  cli: { words: ["vm", "dial"], positional: ["vm", "port"], composed: true },
  examples: [{ command: "banger vm dial dev 5432", does: "talk to what listens on the port" }],
});
