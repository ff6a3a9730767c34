/** `image build`: an image of another, step by step. */
import { streamCommand } from "../agent/agent.ts";
import { onDisk } from "../contract/disk-full.ts";
import { BangerError } from "../contract/errors.ts";
import type { StoredImage } from "../images/images.ts";
import type { OperationContext } from "../operations/operations.ts";
import type { RecipeRequest } from "./choose-builder.ts";
import { keepWorkshop, type KeepParts } from "./keep-workshop.ts";
import { inWorkshop, type WorkshopUse } from "./in-workshop.ts";
import { commandOf } from "./recipe/command-of.ts";
import { identitiesOf, readRecipe, type ReadRecipe, type ReadStep } from "./recipe/read-recipe.ts";
import { requireUnused } from "./require-unused.ts";
import type { StepCache } from "./step-cache.ts";
import { withoutSubject, type Workshop, type WorkshopParts } from "./workshop.ts";

export type BuildParts = KeepParts & WorkshopParts & { readonly cache: StepCache };

export async function buildImage(parts: BuildParts, request: RecipeRequest, context: OperationContext): Promise<StoredImage> {
  const { system, vms, images } = parts;
  const { as, from, replace } = request;
  const what = `cannot build image ${as}`;
  const steps = withoutSubject(context);
  const { plan, base } = await steps.stage("recipe", async () => ({
    plan: await readRecipe(system, request.file, request.groups),
    base: await images.get(from),
  }));
  const kernel = request.kernelRef ?? plan.recipe.kernel ?? base.kernelRef ?? undefined;
  const init = plan.recipe.init ?? base.init;
  // Two that were made at different moments are two, whatever their bases have in common.
  const identities = identitiesOf(JSON.stringify([base.checksum, base.createdAt, kernel ?? null]), plan);
  const identity = identities.at(-1) ?? "";
  const before = await images.identityOf(as);
  if (request.cached && before?.identity === identity && before.init === init) {
    steps.notice("nothing has changed since it was built");
    return images.get(as);
  }
  // As early as can be: what is asked last of all costs the whole build.
  if (replace) requireUnused(vms, as);
  else await images.requireFree(as, what);

  const done = request.cached ? await parts.cache.find(identities) : undefined;
  if (done !== undefined) steps.notice(`${done.steps} of ${plan.steps.length} steps are unchanged: what they left is used`);
  const { network: nat, memory: memoryBytes, cpus } = plan.recipe;
  const shape = { memoryBytes, cpus, diskBytes: request.size } as const;
  const wanted = { image: from, kernel, ...shape, nat, unsafeNet: nat && request.unsafeNet === true, init: "agent" } as const;
  const make: WorkshopUse["make"] = (name, labels, making) => vms.create({ ...wanted, name, labels }, making, done?.folder);
  return await inWorkshop(parts, { as, what, make }, context, async (workshop, working) => {
    for (let at = done?.steps ?? 0; at < plan.steps.length; at += 1) {
      await doStep(parts, workshop, plan, at, what, working);
      const copy = (folder: string): Promise<void> => vms.copyDisks(workshop.vm.id, folder, working);
      // What is done anew is what the next build goes on with.
      if (!request.cached) await parts.cache.forget(identities[at] ?? "");
      await onDisk(what, system.layout.builds, () => parts.cache.keep(identities[at] ?? "", copy, working));
    }
    const said = {
      source: "build",
      like: from,
      kernelRef: workshop.vm.kernel,
      init,
      env: plan.recipe.env,
      build: { identity, from },
    } as const;
    // The workshop itself may have been made of the one that it is to replace.
    const requireReplaceable = replace ? () => requireUnused(vms, as, workshop.vm.name) : undefined;
    return keepWorkshop(parts, workshop, as, { ...said, requireReplaceable }, working);
  });
}

async function doStep(
  { vms }: BuildParts,
  { vm }: Workshop,
  { recipe, steps }: ReadRecipe,
  at: number,
  what: string,
  context: OperationContext,
): Promise<void> {
  const each = steps[at] as ReadStep;
  const place = `${at + 1} of ${steps.length}: ${each.title}`;
  await context.stage("step", async (stage) => {
    stage.note(place);
    context.output([`step ${place}`]);
    const stream = await vms.openExec(vm.id, context.signal);
    const exit = await streamCommand(stream, commandOf(each, recipe.env), each.content ?? new Uint8Array(), (lines) =>
      context.output(lines),
    );
    if ("code" in exit && exit.code === 0) return;
    const how = "code" in exit ? `ended with code ${exit.code}` : `was ended by signal ${exit.signal}`;
    throw new BangerError("refused", "step_failed", `${what}: step ${place} ${how}`, {
      hint: "mend the recipe, then the same again: what the steps before it left is used",
    });
  });
}
