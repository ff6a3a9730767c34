import type { HandlersOf } from "../handler.ts";

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
  "vm.copy": ({ vms }, input, signal) => vms.openCopy(input.vm, signal),
  "vm.logs": ({ vms }, input) => vms.readConsole(input.vm, input.bytes),
};
