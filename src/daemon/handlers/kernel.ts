import type { Kernel } from "../../contract/schemas/goods.ts";
import type { StoredKernel } from "../../kernels/kernels.ts";
import type { HandlerParts, HandlersOf } from "../handler.ts";
import { refuseInUse } from "../refuse-in-use.ts";

export const kernelHandlers: HandlersOf<"kernel"> = {
  "kernel.pull": async (parts, input, context) =>
    withUsers(parts, await parts.gate.share(() => parts.kernels.pull(input.name, input.as, context))),
  "kernel.import": async (parts, input, context) =>
    withUsers(parts, await parts.gate.share(() => parts.kernels.import(input.name, input.from, context))),
  "kernel.build": async (parts, input, context) => withUsers(parts, await parts.gate.share(() => parts.kernels.build(input, context))),
  "kernel.list": async (parts) => ({ kernels: (await parts.kernels.list()).map((kernel) => withUsers(parts, kernel)) }),
  "kernel.show": async (parts, input) => withUsers(parts, await parts.kernels.get(input.kernel)),
  "kernel.bundle": (parts, { kernel, into }, context) => parts.gate.share(() => parts.kernels.bundle(kernel, into, context)),
  "kernel.rename": async (parts, { kernel, to }) => {
    const renamed = await parts.kernels.rename(kernel, to, () => refuseInUse(parts.vms, "kernel", kernel, "rename"));
    return withUsers(parts, renamed);
  },
  "kernel.delete": async ({ kernels, vms }, input) => {
    await kernels.delete(input.kernel, () => refuseInUse(vms, "kernel", input.kernel));
    return { kernel: input.kernel };
  },
};

/** The room does not know the vms that hold its goods; here both are known. */
function withUsers({ vms }: HandlerParts, kernel: StoredKernel): Kernel {
  return { ...kernel, usedBy: [...vms.usersOf("kernel", kernel.name)] };
}
