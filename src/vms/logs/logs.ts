/** The logs of a vm, wherever they are kept. */
import type { FollowedLine, LogPart } from "../../contract/schemas/log.ts";
import type { Agent } from "../../agent/agent.ts";
import type { System } from "../../system/system.ts";
import type { LoggedVm } from "./follow-bytes.ts";
import { followGuestLog, readGuestLog } from "./guest-log.ts";
import { followHostLog, readHostLog } from "./host-log.ts";
import type { LogRequest } from "./log-request.ts";

export interface LogVm extends LoggedVm {
  readonly record: LoggedVm["record"] & { readonly plan: { readonly init: string; readonly commands: { readonly user: string } } };
  agent(signal: AbortSignal): Promise<Agent>;
}

export async function readLog(vm: LogVm, request: LogRequest, system: System, signal: AbortSignal): Promise<LogPart> {
  const { source } = request;
  if (source !== "guest") return readHostLog(vm, { ...request, source }, system);
  return readGuestLog(vm, request, system.clock, signal);
}

/** Parts as they come, and why there will be no more. Throws the signal's reason when it aborts. */
export async function* followLog(vm: LogVm, request: LogRequest, system: System, signal: AbortSignal): AsyncGenerator<FollowedLine> {
  const { source } = request;
  try {
    if (source === "guest") yield* followGuestLog(vm, request, system.clock, signal);
    else yield* followHostLog(vm, { ...request, source }, system, signal);
  } catch (error) {
    // What waited says only that it was aborted.
    signal.throwIfAborted();
    throw error;
  }
  yield { ended: vm.ended ?? "stopped", name: vm.record.name };
}
