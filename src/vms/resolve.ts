/** Stage `resolve`: asks the stores and the computer, and gives the answers to the plan. Looks without changing. */
import { BangerError, type Problem } from "../contract/errors.ts";
import { driverOf, type VmDependencies } from "./dependencies.ts";
import { planVm, type PlanFacts } from "./plan.ts";
import type { VmPlan } from "./vm-record.ts";
import type { CreateRequest } from "./vms.ts";

/** A complete plan; throws one `invalid` with every problem. */
export async function resolvePlan(request: CreateRequest, dependencies: VmDependencies, signal: AbortSignal): Promise<VmPlan> {
  const result = planVm(request, await gatherFacts(request, dependencies, signal));
  if (result.ok) return result.plan;
  throw asPlanError(request.name === undefined ? "cannot create a vm" : `cannot create vm ${request.name}`, result.problems);
}

async function gatherFacts(request: CreateRequest, dependencies: VmDependencies, signal: AbortSignal): Promise<PlanFacts> {
  const { system, images, kernels, network, networks, ports, offered, host, defaults } = dependencies;
  const imageName = request.image ?? defaults.image;
  let image: PlanFacts["image"] = await orProblem("image", async () => {
    const { kernelRef, init, requirements, leastWorkBytes, env, commands } = await images.parts(imageName);
    return { name: imageName, kernelRef, init, requirements, leastWorkBytes, env, commands };
  });
  if (request.image === undefined && "code" in image && defaults.isImageConfigured) {
    const hint = `${image.hint === undefined ? "" : `${image.hint}, or `}another default_image: banger config show`;
    image = { ...image, message: `${image.message}; the config names it as default_image`, hint };
  }
  const kernelName = request.kernel ?? ("kernelRef" in image ? (image.kernelRef ?? defaults.kernel) : undefined);
  const kernel =
    kernelName === undefined ? undefined : await orProblem("kernel", async () => ({ name: (await kernels.get(kernelName)).name }));
  const isNamed = request.network !== undefined;
  const probed = offered.map(async (name) => ({ name, probe: await driverOf(dependencies, name).probe(signal) }));
  return {
    host: { cpus: host.cpus, memoryMiB: host.memoryMiB, freeBytes: await system.files.freeBytes(system.layout.roots.state) },
    defaults,
    image,
    kernel,
    publish: await ports.try(request.publish ?? [], request.start === false ? "any-port" : "all"),
    hasNetwork: request.network === undefined || networks.find(request.network) !== undefined,
    unsafeNetwork: request.nat === true || isNamed ? await network.findUnsafe(isNamed, signal) : undefined,
    drivers: await Promise.all(probed),
  };
}

/** What a store answers, its refusal turned into a problem of the input. */
async function orProblem<T extends object>(path: string, ask: () => Promise<T>): Promise<T | Problem> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    return { code: error.code, path, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
}

/** @param what could not be done, and to which vm. */
export function asPlanError(what: string, problems: readonly Problem[]): BangerError {
  const [only] = problems;
  if (only !== undefined && problems.length === 1) {
    return new BangerError("invalid", only.code, `${what}: ${only.message}`, {
      problems,
      ...(only.hint === undefined ? {} : { hint: only.hint }),
    });
  }
  return new BangerError("invalid", "bad_plan", `${what}: ${problems.length} things are wrong`, { problems });
}
