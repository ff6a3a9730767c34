import { BangerError } from "../../contract/errors.ts";
import type { Probe } from "../../contract/probe.ts";
import type { FindingShape } from "../../contract/schemas/finding.ts";
import type { Clock } from "../../system/system.ts";

/** Each probe's answer, in their order. One that throws, or that does not answer in time, has found something missing. */
export function runProbes(probes: readonly Probe[], clock: Pick<Clock, "sleep">, signal: AbortSignal): Promise<FindingShape[]> {
  return Promise.all(probes.map((probe) => runProbe(probe, clock, signal)));
}

async function runProbe(probe: Probe, clock: Pick<Clock, "sleep">, signal: AbortSignal): Promise<FindingShape> {
  const { name, deadlineMs } = probe;
  const over = new AbortController();
  const late = clock.sleep(deadlineMs, over.signal).then(() => {
    throw new BangerError("timeout", "probe_timeout", `it did not answer in ${deadlineMs / 1000} s`);
  });
  try {
    const { status, detail, hint } = await Promise.race([probe.look(AbortSignal.any([signal, over.signal])), late]);
    return { name, status, detail, hint: hint ?? null };
  } catch (error) {
    signal.throwIfAborted();
    const hint = error instanceof BangerError ? (error.hint ?? null) : null;
    return { name, status: "missing", detail: error instanceof Error ? error.message : String(error), hint };
  } finally {
    late.catch(() => undefined);
    over.abort();
  }
}
