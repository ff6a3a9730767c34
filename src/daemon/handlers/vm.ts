import { isLoopback } from "../../contract/is-loopback.ts";
import type { Vm } from "../../contract/schemas/vm.ts";
import type { HandlersOf } from "../handler.ts";

/** How long a guest may take to show its own log. */
const GUEST_MS = 60_000;

/** The document of each list that is still in use: the same list is the same document. */
const documents = new WeakMap<readonly Vm[], { readonly vms: Vm[] }>();

export const vmHandlers: HandlersOf<"vm"> = {
  "vm.create": ({ vms, gate }, input, context) => {
    const { memory, disk, workDisk, waitFor = [], waitTimeout, ...rest } = input;
    const requirements = waitFor.map((wanted) => ({ ...wanted, deadlineMs: waitTimeout, hint: null }));
    const request = { ...rest, memoryBytes: memory, diskBytes: disk, workDiskBytes: workDisk, requirements };
    return gate.share(() => vms.create(request, context));
  },
  "vm.list": async ({ vms }, input) => documentOf(await vms.list(input.filter)),
  "vm.show": async ({ vms, ssh }, input) => {
    const vm = await vms.get(input.vm);
    return { ...vm, ssh: await ssh.serverOf(vm) };
  },
  "vm.start": ({ vms, gate }, input, context) => gate.share(() => vms.start(input.vm, context)),
  "vm.stop": ({ vms }, input, context) => vms.stop(input.vm, input.grace, context),
  "vm.kill": ({ vms }, input, context) => vms.kill(input.vm, context),
  "vm.pause": ({ vms }, input, context) => vms.pause(input.vm, context),
  "vm.resume": ({ vms }, input, context) => vms.resume(input.vm, context),
  "vm.set": ({ vms }, { vm, memory, disk, workDisk, network, ...rest }, context) => {
    const change = { ...rest, network: network === "none" ? null : network };
    return vms.change(vm, { ...change, memoryBytes: memory, diskBytes: disk, workDiskBytes: workDisk }, context);
  },
  "vm.forward": ({ vms }, { vm, forward, reverse, remove }) => vms.forward(vm, { ...forward, reverse }, remove ? "remove" : "add"),
  "vm.rename": ({ vms }, input, context) => vms.rename(input.vm, input.name, context),
  "vm.delete": async ({ vms }, input, context) => {
    await vms.delete(input.vm, { force: input.force }, context);
    return { vm: input.vm };
  },
  "vm.exec": ({ vms }, input, signal) => vms.openExec(input.vm, signal),
  "vm.stats": async ({ vms }, input) => ({ vms: [...(await vms.stats(input.vm))] }),
  "vm.ports": async ({ vms }, input) => {
    const { ports, complete } = await vms.ports(input.vm);
    return { complete, ports: ports.map((port) => ({ ...port, loopbackOnly: isLoopback(port.address) })) };
  },
  "vm.dial": ({ vms }, input, signal) => vms.dial(input.vm, input.port, signal),
  "vm.copy": ({ vms }, input, signal) => vms.openCopy(input.vm, signal),
  "vm.console": ({ vms }, input) => vms.openConsole(input.vm, input.from),
  "vm.logs": ({ vms }, { vm, ...request }) => vms.readLog(vm, request, AbortSignal.timeout(GUEST_MS)),
  "vm.follow": ({ vms }, { vm, ...request }, signal) => vms.followLog(vm, request, signal),
};

function documentOf(vms: readonly Vm[]): { readonly vms: Vm[] } {
  const known = documents.get(vms);
  if (known !== undefined) return known;
  const made = { vms: [...vms] };
  documents.set(vms, made);
  return made;
}
