import type { HandlersOf } from "../handler.ts";

/** How long a guest may take to show its own log. */
const GUEST_MS = 60_000;

export const vmHandlers: HandlersOf<"vm"> = {
  "vm.create": ({ vms }, input, context) => {
    const { memory, disk, workDisk, ...rest } = input;
    return vms.create({ ...rest, memoryBytes: memory, diskBytes: disk, workDiskBytes: workDisk }, context);
  },
  "vm.list": async ({ vms }) => ({ vms: [...(await vms.list())] }),
  "vm.show": ({ vms }, input) => vms.get(input.vm),
  "vm.start": ({ vms }, input, context) => vms.start(input.vm, context),
  "vm.stop": ({ vms }, input, context) => vms.stop(input.vm, input.grace, context),
  "vm.kill": ({ vms }, input, context) => vms.kill(input.vm, context),
  "vm.delete": async ({ vms }, input, context) => {
    await vms.delete(input.vm, { force: input.force }, context);
    return { vm: input.vm };
  },
  "vm.exec": ({ vms }, input, signal) => vms.openExec(input.vm, signal),
  "vm.console": ({ vms }, input) => vms.openConsole(input.vm, input.from),
  "vm.logs": ({ vms }, { vm, ...request }) => vms.readLog(vm, request, AbortSignal.timeout(GUEST_MS)),
  "vm.follow": ({ vms }, { vm, ...request }, signal) => vms.followLog(vm, request, signal),
};
