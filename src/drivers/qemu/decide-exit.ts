import type { VmmExit } from "../drivers.ts";
import { consoleVerdict } from "./console-verdict.ts";

export interface EndOfQemu {
  /** `reason` of QMP's SHUTDOWN event; undefined when none came or nobody listened. */
  readonly shutdown: string | undefined;
  /** Whether we forced it. */
  readonly killed: boolean;
  /** How the process ended; undefined when it was not our child. */
  readonly end: { readonly code: number | undefined; readonly signal: string | undefined } | undefined;
  readonly consoleTail: string;
  readonly lastWords: string;
}

/** Why QEMU is gone. Pure. */
export function decideExit(facts: EndOfQemu): VmmExit {
  if (facts.killed) return { reason: "killed" };
  switch (facts.shutdown) {
    case "guest-shutdown":
      return { reason: "guest-power-off" };
    case "guest-panic":
    case "guest-reset":
    case "subsystem-reset":
      return panicOrReset(facts);
    case "host-qmp-quit":
    case "host-signal":
    case "host-ui":
      return { reason: "killed" };
    default:
      return withoutEvent(facts);
  }
}

/** A panic resets, too (`panic=-1`), and so does a power off without ACPI. No device of a microvm tells them apart: the console does. */
function panicOrReset({ shutdown, consoleTail }: EndOfQemu): VmmExit {
  const verdict = consoleVerdict(consoleTail);
  if (verdict.kind === "panic") return { reason: "guest-panic", detail: verdict.detail };
  if (verdict.kind === "failed") return { reason: "guest-failed", detail: verdict.detail };
  if (shutdown === "guest-panic") return { reason: "guest-panic", detail: "it told QEMU so" };
  if (verdict.kind === "power-off") return { reason: "guest-power-off" };
  return { reason: "guest-reset", detail: verdict.kind === "reset" ? "it asked for a restart" : "without a word on its console" };
}

function withoutEvent({ end, consoleTail, lastWords }: EndOfQemu): VmmExit {
  const verdict = consoleVerdict(consoleTail);
  const endedInOrder = end === undefined || end.code === 0;
  if (endedInOrder && verdict.kind === "power-off") return { reason: "guest-power-off" };
  if (endedInOrder && verdict.kind === "panic") return { reason: "guest-panic", detail: verdict.detail };
  if (endedInOrder && verdict.kind === "failed") return { reason: "guest-failed", detail: verdict.detail };
  if (endedInOrder && verdict.kind === "reset") return { reason: "guest-reset", detail: "it asked for a restart" };
  const how = end === undefined ? "it is gone" : end.signal !== undefined ? `ended by ${end.signal}` : `ended with code ${end.code}`;
  return { reason: "crashed", detail: lastWords === "" ? how : `${how}: ${lastWords}` };
}
