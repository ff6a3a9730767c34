/** What this process keeps resident without need. */
import { readFileSync } from "node:fs";
import { dropPages } from "./native.ts";

export interface Mapping {
  readonly start: bigint;
  readonly bytes: bigint;
}

/**
 * Collects garbage, forgets compiled code, and lets go of the pages of our own program: most of a runtime is needed at its start alone. The
 * kernel keeps them in its cache, and maps again at once what is used again. Nothing else happens meanwhile, for some 20 ms.
 */
export function giveBackMemory(): void {
  Bun.gc(true);
  // oxlint-disable-next-line typescript/no-deprecated -- It has no successor, and nothing else makes the runtime return what it has freed.
  Bun.shrink();
  for (const mapping of unwrittenMappings(readFileSync("/proc/self/smaps", "latin1"), process.execPath)) dropPages(mapping);
}

/** The parts of a program that cannot be written and never were, so that they can be read from its file again, as `/proc/PID/smaps` tells. */
export function unwrittenMappings(smaps: string, program: string): readonly Mapping[] {
  return smaps.split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/).flatMap((entry) => {
    const [, start = "", end = "", path = ""] = /^([0-9a-f]+)-([0-9a-f]+) r-[-x]p \S+ \S+ \S+ +(.*)$/m.exec(entry) ?? [];
    // A program that was replaced is still read from what was its file.
    if (path.replace(/ \(deleted\)$/, "") !== program || !/^Anonymous: +0 kB$/m.test(entry)) return [];
    return [{ start: BigInt(`0x${start}`), bytes: BigInt(`0x${end}`) - BigInt(`0x${start}`) }];
  });
}
