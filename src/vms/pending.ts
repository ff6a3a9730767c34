/** What a running guest was given, against what its vm is to have. Pure. */
import type { Vm } from "../contract/schemas/vm.ts";
import { exactSize } from "../contract/sizes.ts";
import { MIB } from "./shape.ts";
import type { VmGiven, VmRecord } from "./vm-record.ts";

/** What a start gives the guest. */
export function givenOf({ name, plan }: Pick<VmRecord, "name" | "plan">): VmGiven {
  const { cpus, memoryMiB, layerBytes, workBytes, env, network } = plan;
  return { name, cpus, memoryMiB, layerBytes, workBytes, env, network };
}

/** What was set since and holds from the next start on; nothing for a vm that does not run. */
export function listPending({ name, plan, boot }: Pick<VmRecord, "name" | "plan" | "boot">): Vm["pending"] {
  if (boot === null || boot.vmm === null) return [];
  const [now, next] = [wordsOf(boot.given), wordsOf(givenOf({ name, plan }))];
  return now.flatMap(([what, before], index) => {
    const after = next[index]?.[1] ?? "";
    return before === after ? [] : [{ what, now: before, next: after }];
  });
}

function wordsOf({
  name,
  cpus,
  memoryMiB,
  layerBytes,
  workBytes,
  env,
  network,
}: VmGiven): readonly (readonly [Vm["pending"][number]["what"], string])[] {
  const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  return [
    ["cpus", String(cpus)],
    ["memory", exactSize(memoryMiB * MIB)],
    ["root disk", exactSize(layerBytes)],
    ["work disk", exactSize(workBytes)],
    ["environment", variables.toSorted().join(" ")],
    ["host name", name],
    ["network", network ?? "none"],
  ];
}
