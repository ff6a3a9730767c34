import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { vmRef } from "../schemas/names.ts";
import { vm } from "../schemas/vm.ts";

/** Boots a stopped vm; a running one stays as it is. */
export const vmStart = defineOperation({
  name: "vm.start",
  kind: "long",
  summary: "Start a vm",
  detail: "A vm that already runs stays as it is.",
  method: "POST",
  path: "/v1/vms/:vm/start",
  input: z.strictObject({ vm: vmRef }),
  output: vm,
  stages: ["resolve", "network", "boot", "agent", "install", "guest"],
  errors: ["vm_not_found", "vm_cannot_start", "host_disk_full", "driver_unusable", "vmm_gone", "guest_silent", "requirement_not_met"],
  fields: {
    vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" },
  },
  cli: { words: ["vm", "start"], aliases: [["start"]], positional: ["vm"], repeat: "vm" },
  examples: [{ command: "banger start dev", does: "boot it again, with its disks as they were left" }],
});
