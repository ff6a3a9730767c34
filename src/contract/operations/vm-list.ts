import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { vm } from "../schemas/vm.ts";

/** All vms, also those that cannot be read: these are `broken`, with their problems. */
export const vmList = defineOperation({
  name: "vm.list",
  kind: "query",
  summary: "List vms",
  method: "GET",
  path: "/v1/vms",
  input: z.strictObject({}),
  output: z.strictObject({ vms: z.array(vm) }),
  stages: [],
  errors: [],
  fields: {},
  cli: { words: ["vm", "list"], aliases: [["ps"], ["vm", "ls"]] },
  examples: [
    { command: "banger ps", does: "show all vms" },
    { command: "banger ps --json", does: "the same, for programs" },
  ],
});
