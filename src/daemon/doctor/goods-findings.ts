import type { FindingShape } from "../../contract/schemas/finding.ts";
import type { StageContext } from "../../operations/operations.ts";
import type { DoctorParts } from "./doctor.ts";

/** Of one kernel or image read whole, on a slow disk. */
const DEADLINE_MS = 600_000;

interface Goods {
  readonly noun: "image" | "kernel";
  readonly name: string;
  readonly problems: readonly string[];
  readonly verify: (signal: AbortSignal) => Promise<readonly string[]>;
}

/** One finding for all whole goods of a kind, and one for each that is not. */
export async function findGoodsProblems(
  { images, kernels }: Pick<DoctorParts, "images" | "kernels">,
  deep: boolean,
  stage: StageContext,
  signal: AbortSignal,
): Promise<readonly FindingShape[]> {
  const all: readonly Goods[] = [
    ...(await images.list()).map((image): Goods => ({ noun: "image", ...image, verify: (each) => images.verify(image.name, each) })),
    ...(await kernels.list()).map((kernel): Goods => ({ noun: "kernel", ...kernel, verify: (each) => kernels.verify(kernel.name, each) })),
  ];
  const judged: Goods[] = [];
  for (const [done, goods] of all.entries()) {
    stage.progress(done, all.length, "items");
    judged.push(deep ? { ...goods, problems: await problemsOf(goods, signal) } : goods);
  }
  return (["image", "kernel"] as const).flatMap((noun) =>
    findingsOf(
      noun,
      judged.filter((goods) => goods.noun === noun),
      deep,
    ),
  );
}

async function problemsOf({ verify }: Goods, signal: AbortSignal): Promise<readonly string[]> {
  try {
    return await verify(AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]));
  } catch (error) {
    signal.throwIfAborted();
    return [error instanceof Error ? error.message : String(error)];
  }
}

function findingsOf(noun: Goods["noun"], all: readonly Goods[], deep: boolean): readonly FindingShape[] {
  const broken = all.filter(({ problems }) => problems.length > 0);
  const whole = all.length - broken.length;
  const name = `${noun}s`;
  if (all.length === 0) return [{ name, status: "not used", detail: "there are none yet", hint: `banger ${noun} pull` }];
  return [
    ...(whole === 0
      ? []
      : [{ name, status: "fine" as const, detail: `${whole} ${deep ? "read whole" : "with their manifests and sizes"}`, hint: null }]),
    ...broken.map((goods) => ({
      name: `${noun} ${goods.name}`,
      status: "missing" as const,
      detail: goods.problems.join("; "),
      hint: `banger ${noun} delete ${goods.name}, then get it again`,
    })),
  ];
}
