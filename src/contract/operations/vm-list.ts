import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { vmFilter } from "../schemas/filters.ts";
import { vm } from "../schemas/vm.ts";

/** All vms, also those that cannot be read: these are `broken`, with their problems. */
export const vmList = defineOperation({
  name: "vm.list",
  kind: "query",
  summary: "List vms",
  detail:
    "Filters of one kind are alternatives, and all kinds must hold; of labels every one must. In a PATTERN * is any text and ? one character.",
  method: "GET",
  path: "/v1/vms",
  input: z.strictObject({ filter: z.array(vmFilter).max(32).meta({ "x-kind": "list" }).optional() }),
  output: z.strictObject({ vms: z.array(vm) }),
  stages: [],
  errors: [],
  fields: {
    filter: {
      brief: "only those of state=STATE, name=PATTERN, image=IMAGE, label=KEY or label=KEY=VALUE; may be repeated",
      placeholder: "FILTER",
    },
  },
  cli: { words: ["vm", "list"], aliases: [["ps"], ["vm", "ls"]], quiet: { list: "vms", field: "name" } },
  examples: [
    { command: "banger ps", does: "show all vms" },
    { command: "banger ps --filter state=running --filter label=team=blue", does: "those that run and have that label" },
    { command: "banger ps -q --filter name=test-*", does: "only their names, for other commands" },
    { command: "banger ps --json", does: "the same, for programs" },
  ],
});
