/** A vm that is there for one image to be made in, and gone afterwards. */
import { BangerError } from "../contract/errors.ts";
import type { Vm } from "../contract/schemas/vm.ts";
import type { Leases, OperationContext } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import type { Vms } from "../vms/vms.ts";

export interface WorkshopParts {
  readonly system: System;
  readonly vms: Vms;
  readonly leases: Leases;
  /** Names of those in which somebody works. */
  readonly open: Set<string>;
  /** Told when one could not be removed: `reconcile` is wanted soon. */
  readonly onTrouble: () => void;
}

export interface Workshop extends AsyncDisposable {
  readonly vm: Vm;
}

/** No vm of anybody's is called so by chance. */
const NAME_BYTES = 6;
const LABEL = "banger.workshop";

/**
 * @param make makes and starts the vm, by this name and with these labels.
 * @param of what it is for: `image web`.
 */
export async function openWorkshop(
  parts: WorkshopParts,
  of: string,
  make: (name: string, labels: Readonly<Record<string, string>>) => Promise<Vm>,
  context: OperationContext,
): Promise<Workshop> {
  const { system, leases, open } = parts;
  const name = `workshop-${system.random.hex(NAME_BYTES)}`;
  await using undo = new AsyncDisposableStack();
  open.add(name);
  undo.defer(async () => {
    // First: what cannot be removed now, reconcile removes. The image is none the worse for it.
    open.delete(name);
    try {
      await close(parts, name);
    } catch (error) {
      system.log.warn("cannot remove a workshop yet", { vm: name, error });
      parts.onTrouble();
    }
  });
  leases.write({ kind: "workshop", key: name, vmId: undefined, operationId: context.operationId });
  const vm = await make(name, { [LABEL]: of });
  const owned = undo.move();
  return { vm, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Those of daemons that are dead. */
export async function sweepWorkshops(parts: WorkshopParts): Promise<void> {
  for (const { kind, key } of parts.leases.list()) {
    if (kind !== "workshop" || parts.open.has(key)) continue;
    await close(parts, key);
  }
}

async function close({ vms, leases }: WorkshopParts, name: string): Promise<void> {
  try {
    await vms.delete(name, { force: true }, quiet(name));
  } catch (error) {
    if (!(error instanceof BangerError) || error.code !== "vm_not_found") throw error;
  }
  leases.drop("workshop", name);
}

/** It has to go, also when what it was for was cancelled; and nobody is told of it. */
function quiet(name: string): OperationContext {
  return {
    operationId: name,
    signal: new AbortController().signal,
    stage: (_stage, body) => body({ progress: () => undefined, note: () => undefined }),
    notice: () => undefined,
    output: () => undefined,
    about: () => undefined,
  };
}

/** What an operation is about is its image, whatever happens to a vm in it. */
export function withoutSubject(context: OperationContext): OperationContext {
  return {
    operationId: context.operationId,
    signal: context.signal,
    stage: (stage, body) => context.stage(stage, body),
    notice: (message) => context.notice(message),
    output: (lines) => context.output(lines),
    about: () => undefined,
  };
}
