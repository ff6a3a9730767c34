import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { vmRef } from "../schemas/names.ts";
import { vmStats as stats } from "../schemas/vm-stats.ts";

/** One sample of counters; who wants percentages asks twice and divides. A guest that does not answer keeps nobody waiting. */
export const vmStats = defineOperation({
  name: "vm.stats",
  kind: "query",
  summary: "Show what vms use",
  detail:
    "The first columns are what a vm costs this computer: its VMM, with the helper processes of its network, and what its disks really take. The others are what the guest says of itself; a guest that does not answer within 2 s shows -, and --json says why. With -w it goes on until Ctrl-C, which ends it with code 0.",
  method: "GET",
  path: "/v1/stats",
  input: z.strictObject({ vm: vmRef.optional() }),
  output: z.strictObject({ vms: z.array(stats) }),
  stages: [],
  errors: ["vm_not_found"],
  fields: { vm: { brief: "name or id of a vm; all that run when left out", placeholder: "NAME", completes: "vm" } },
  cli: { words: ["vm", "stats"], aliases: [["stats"]], positional: ["vm"], repeat: "vm", composed: true },
  examples: [
    { command: "banger stats", does: "all vms that run" },
    { command: "banger stats -w dev", does: "one, again each second" },
    { command: "banger stats -w --interval 10s --json", does: "a JSON document a line, for programs" },
  ],
});
