import type { FindingShape, LeftoverShape } from "../../contract/schemas/finding.ts";
import type { StageContext } from "../../operations/operations.ts";
import type { Doctor, DoctorParts, DoctorRequest } from "./doctor.ts";
import { driverProbes } from "./driver-probes.ts";
import { findLeftovers, type Leftover } from "./find-leftovers.ts";
import { findGoodsProblems } from "./goods-findings.ts";
import { hostProbes } from "./host-probes.ts";
import { removeLeftover } from "./remove-leftover.ts";
import { runProbes } from "./run-probes.ts";

export function makeDoctor(parts: DoctorParts): Doctor {
  const probes = [...driverProbes(parts.drivers), ...parts.probes, ...hostProbes(parts)];
  return {
    run: async ({ deep, fix }, { stage, signal }) => {
      const found = await stage("probes", () => runProbes(probes, parts.system.clock, signal));
      const goods = await stage("goods", (context) => findGoodsProblems(parts, deep, context, signal));
      const leftovers = await stage("leftovers", (context) => handleLeftovers(parts, { fix, deep }, context, signal));
      const findings = [...found, ...goods, findingOf(leftovers)];
      return { fine: findings.every(({ status }) => status !== "missing"), findings, leftovers };
    },
    leftovers: () => findTwice(parts),
  };
}

async function findTwice(parts: DoctorParts): Promise<readonly Leftover[]> {
  const seen = new Set((await findLeftovers(parts)).map(keyOf));
  return seen.size === 0 ? [] : (await findLeftovers(parts)).filter((leftover) => seen.has(keyOf(leftover)));
}

async function handleLeftovers(
  parts: DoctorParts,
  { fix }: DoctorRequest,
  stage: StageContext,
  signal: AbortSignal,
): Promise<LeftoverShape[]> {
  const found = await findTwice(parts);
  const told: LeftoverShape[] = [];
  for (const leftover of found) {
    signal.throwIfAborted();
    const { kind, what, why } = leftover;
    told.push({ kind, what, why, removed: fix && (await removeLeftover(leftover, parts)) });
  }
  stage.note(String(found.length));
  return told;
}

/** They cost room, and harm nothing: what is in the way of a vm is removed when it starts. */
function findingOf(leftovers: readonly LeftoverShape[]): FindingShape {
  const left = leftovers.filter(({ removed }) => !removed).length;
  const removed = leftovers.length - left;
  const name = "leftovers";
  if (left > 0) return { name, status: "not used", detail: `${left} that nothing holds`, hint: "banger doctor --fix" };
  return { name, status: "fine", detail: removed === 0 ? "none" : `${removed} removed`, hint: null };
}

function keyOf({ kind, what }: Leftover): string {
  return `${kind} ${what}`;
}
