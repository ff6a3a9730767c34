/** A vm that is there for one image to be made in, and gone afterwards. */
import { BangerError } from "../contract/errors.ts";
import type { Vm } from "../contract/schemas/vm.ts";
import type { Leased, OperationContext } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import type { Vms } from "../vms/vms.ts";

export interface WorkshopParts {
  readonly system: System;
  readonly vms: Vms;
  /** By their names. */
  readonly workshops: Leased;
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
  { system, workshops }: WorkshopParts,
  of: string,
  make: (name: string, labels: Readonly<Record<string, string>>) => Promise<Vm>,
  context: OperationContext,
): Promise<Workshop> {
  const name = `workshop-${system.random.hex(NAME_BYTES)}`;
  const open = await workshops.open(name, context.operationId, () => make(name, { [LABEL]: of }));
  return { vm: open.made, [Symbol.asyncDispose]: () => open[Symbol.asyncDispose]() };
}

/** Ends it, whatever it does. */
export async function removeWorkshop({ vms }: Pick<WorkshopParts, "vms">, name: string): Promise<void> {
  try {
    await vms.delete(name, { force: true }, quiet(name));
  } catch (error) {
    if (!(error instanceof BangerError) || error.code !== "vm_not_found") throw error;
  }
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
