import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { forwardText } from "../schemas/forward.ts";
import { vmRef } from "../schemas/names.ts";
import { vm } from "../schemas/vm.ts";

/** Keeps one forward with a vm, or takes it away. */
export const vmForward = defineOperation({
  name: "vm.forward",
  kind: "change",
  summary: "Reach a port of a vm at this computer",
  detail:
    "The daemon listens, on 127.0.0.1 unless another address is said, and passes each connection through the guest agent to 127.0.0.1 in the vm: it needs no network there. Kept with the vm, and open while it runs; host port 0 asks for any that is free. A vm that runs takes it at once. With --reverse it is the other way: who connects to GUEST on 127.0.0.1 in the vm reaches HOST at this computer, which nothing else in the vm does.",
  method: "POST",
  path: "/v1/vms/:vm/forward",
  input: z
    .strictObject({ vm: vmRef, forward: forwardText, reverse: z.boolean().default(false), remove: z.boolean().default(false) })
    .refine(({ forward, reverse }) => !reverse || forward.protocol === "tcp", { error: "only TCP goes the other way", path: ["forward"] })
    .refine(({ forward, reverse }) => !reverse || forward.hostPort > 0, {
      error: "the other way leads to a port of this computer, which 0 is not",
      path: ["forward"],
    }),
  output: vm,
  stages: [],
  errors: ["vm_not_found", "vm_cannot_change", "port_taken", "forward_exists", "forward_not_found", "too_many_forwards"],
  fields: {
    vm: { brief: "name or id of the vm", placeholder: "NAME", completes: "vm" },
    forward: { brief: "[ADDRESS:]HOST:GUEST[/udp]; an IPv6 address stands in brackets", placeholder: "PORTS" },
    reverse: { brief: "the other way: a port in the vm that reaches one of this computer", alias: "R" },
    remove: { brief: "take it away" },
  },
  cli: { words: ["vm", "forward"], aliases: [["forward"]], positional: ["vm", "forward"], repeat: "forward" },
  examples: [
    { command: "banger forward dev 8080:80", does: "http://localhost:8080 is port 80 in the vm" },
    { command: "banger forward dev 0.0.0.0:8080:80 5353:53/udp", does: "the first for everybody who reaches this computer" },
    { command: "banger forward dev --reverse 5432:5432", does: "127.0.0.1:5432 in the vm is that of this computer" },
    { command: "banger forward dev 8080:80 --remove", does: "no longer" },
  ],
});
