import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { hostPortChange, lanChange, MOST_GRANTS } from "../schemas/grants.ts";
import { labelChanges } from "../schemas/labels.ts";
import { environmentChanges, size, vmRef } from "../schemas/names.ts";
import { networkOrNone } from "../schemas/network.ts";
import { vm } from "../schemas/vm.ts";

/** Changes a vm that is there; by the rules of `vm.create`. */
export const vmSet = defineOperation({
  name: "vm.set",
  kind: "long",
  summary: "Change a vm",
  detail:
    "A running vm gets a longer disk, another environment and what it may reach at once, where its driver can, and cpus and memory at its next start. Disks can only grow.",
  method: "POST",
  path: "/v1/vms/:vm/set",
  input: z
    .strictObject({
      vm: vmRef,
      cpus: z.int().min(1).max(256).optional(),
      memory: size.optional(),
      disk: size.optional(),
      workDisk: size.optional(),
      allowHost: z
        .array(hostPortChange)
        .max(2 * MOST_GRANTS)
        .meta({ "x-kind": "list" })
        .optional(),
      allowLan: z
        .array(lanChange)
        .max(2 * MOST_GRANTS)
        .meta({ "x-kind": "list" })
        .optional(),
      network: networkOrNone.optional(),
      unsafeNet: z.literal(true).optional(),
      env: environmentChanges.optional(),
      labels: labelChanges.optional(),
    })
    .refine(({ vm: _, ...changes }) => Object.values(changes).some((change) => change !== undefined), "there is nothing to change"),
  output: vm,
  stages: ["resolve", "disk", "guest"],
  errors: ["vm_not_found", "vm_cannot_change", "bad_plan", "disk_shrinks", "network_not_found"],
  fields: {
    vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" },
    cpus: { brief: "virtual CPUs, from the next start on", placeholder: "N", alias: "c" },
    memory: { brief: "memory, from the next start on", placeholder: "SIZE", alias: "m" },
    disk: { brief: "size of the root's writable layer, which can only grow", placeholder: "SIZE" },
    workDisk: { brief: "size of the work disk, which can only grow", placeholder: "SIZE" },
    allowHost: {
      brief: "a port of this computer's loopback that the vm with --nat reaches, at once; PORT- takes away; may be repeated",
      placeholder: "PORT",
    },
    allowLan: {
      brief: "a network around this computer that the vm with --nat reaches, at once; CIDR- takes away; may be repeated",
      placeholder: "CIDR",
    },
    network: {
      brief: "a network whose vms it reaches and that reach it, or none; at once, if it has a network card",
      placeholder: "NETWORK",
      completes: "network",
    },
    unsafeNet: { brief: "from the next start on take a way out that isolates nothing, where there is no other" },
    env: { brief: "environment of commands to come; KEY- takes away; may be repeated", placeholder: "KEY=VALUE", alias: "e" },
    labels: { brief: "a label; KEY- takes it away; may be repeated", placeholder: "KEY=VALUE", flag: "label", alias: "l" },
  },
  cli: { words: ["vm", "set"], aliases: [["set"]], positional: ["vm"], repeat: "vm" },
  examples: [
    { command: "banger vm set dev --memory 4G --cpus 2", does: "more of both, from the next start on" },
    { command: "banger vm set dev --work-disk 40G", does: "a longer disk, at once" },
    {
      command: "banger vm set dev --allow-host 5432 --allow-host 8080-",
      does: "one port of this computer more that it reaches, and one less",
    },
    { command: "banger vm set dev --label team=blue --label owner-", does: "one label more, and one less" },
  ],
});
