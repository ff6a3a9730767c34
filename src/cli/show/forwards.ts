import { formatPlace } from "../../contract/schemas/forward.ts";
import type { Vm } from "../../contract/schemas/vm.ts";
import { escapeText } from "../../contract/escape-text.ts";
import { table } from "../table.ts";

/** The table of a vm's forwards; undefined where there are none. */
export function forwardsOf({ forwards }: Pick<Vm, "forwards">): Promise<string> | undefined {
  if (forwards.length === 0) return undefined;
  const rows = forwards.map((forward) => {
    const [here, there] = [formatPlace(forward), `port ${forward.guestPort} in the vm`];
    return [...(forward.reverse ? [there, here] : [here, there]), forward.protocol];
  });
  return table(["FORWARDED FROM", "TO", "PROTO"], rows);
}

/** `banger vm forward` */
export async function showForwards(vm: Vm): Promise<string> {
  const lines = (await forwardsOf(vm)) ?? `vm ${escapeText(vm.name)} has no forwards\n`;
  return [lines, ...vm.problems.map((problem) => `problem: ${escapeText(problem)}\n`), ...(vm.pid === null ? [CLOSED] : [])].join("");
}

const CLOSED = "open from its next start on\n";
