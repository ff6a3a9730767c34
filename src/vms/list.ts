/**
 * The list of all vms, as many ask for it again and again: `ps`, completion, whoever watches. As long as no record has changed it
 * is the very same array, so that whoever turns it into bytes may keep those. Only what disks take changes without a record;
 * looking costs two system calls for each vm, and what was seen is believed for a moment.
 */
import type { Vm } from "../contract/schemas/vm.ts";
import type { VmDependencies } from "./dependencies.ts";
import { describeUnreadable, describeVm } from "./describe.ts";
import type { Supervisor } from "./supervise.ts";
import type { UnreadableVm } from "./vm-rows.ts";
import type { VmRecord } from "./vm-record.ts";

const FRESH_MS = 1_000;

/** What is told of a vm, but for its disks. */
interface Known {
  readonly record: VmRecord;
  readonly problems: readonly string[];
}

interface Described {
  readonly known: readonly Known[];
  readonly atMs: number;
  readonly vms: Promise<readonly Vm[]>;
}

/** @param unreadable rows that were found at the start; nobody but us writes later ones. */
export function makeVmList(
  supervisors: ReadonlyMap<string, Supervisor>,
  unreadable: () => readonly UnreadableVm[],
  dependencies: VmDependencies,
) {
  const { clock } = dependencies.system;
  let last: Described | undefined;
  const describeAll = async (all: readonly Known[]): Promise<readonly Vm[]> => [
    ...(await Promise.all(all.map(({ record, problems }) => describeVm(record, problems, dependencies)))),
    ...unreadable().map(describeUnreadable),
  ];
  return (): Promise<readonly Vm[]> => {
    const atMs = clock.monotonicMs();
    if (last === undefined || atMs - last.atMs > FRESH_MS || !areSame(last.known, supervisors)) {
      const known = [...supervisors.values()].map(({ record, problems }) => ({ record, problems }));
      last = { known, atMs, vms: describeAll(known) };
    }
    return last.vms;
  };
}

/** A record is replaced when it changes, never changed. Nothing is made for the answer, which is asked for with every request. */
function areSame(known: readonly Known[], supervisors: ReadonlyMap<string, Known>): boolean {
  if (known.length !== supervisors.size) return false;
  let at = 0;
  for (const { record, problems } of supervisors.values()) {
    const before = known[at];
    at += 1;
    if (before === undefined || record !== before.record || !sayTheSame(problems, before.problems)) return false;
  }
  return true;
}

function sayTheSame(some: readonly string[], others: readonly string[]): boolean {
  return some === others || (some.length === others.length && some.every((text, at) => text === others[at]));
}
