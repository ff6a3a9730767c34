import { z } from "zod";
import type { System } from "../system/system.ts";
import { findHostFact, writeHostFact } from "./host-facts.ts";

const FACT = "tsc";
const RUN_MS = 10_000;
const answer = z.strictObject({ tscKHz: z.number().int().positive(), invariant: z.boolean() });

/**
 * How fast this computer's time stamp counter runs; undefined where its rate changes, because a guest that was told a number
 * would then have a wrong clock. Measured once per boot by the guest agent's own program, which can read the counter.
 */
export async function readTscKHz(system: System, agentPath: string, signal: AbortSignal): Promise<number | undefined> {
  const known = await findHostFact(system, FACT, answer);
  const facts = known ?? (await measure(system, agentPath, signal));
  return facts.invariant ? facts.tscKHz : undefined;
}

async function measure(system: System, agentPath: string, signal: AbortSignal): Promise<z.output<typeof answer>> {
  const { stdout } = await system.processes.runOk([agentPath, "probe-tsc"], { timeoutMs: RUN_MS, signal });
  const facts = answer.parse(JSON.parse(stdout));
  await writeHostFact(system, FACT, facts);
  return facts;
}
