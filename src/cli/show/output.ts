import type { CallableName, Output } from "../../sdk/sdk.ts";
import { escapeLines, escapeText } from "../../contract/escape-text.ts";

type Shows = { readonly [Name in CallableName]: (output: Output<Name>) => Promise<string> | string };

/** What a person is shown of an operation's output. */
const SHOWS: Shows = {
  "vm.create": async (vm) => (await import("./vm.ts")).showVmStarted(vm),
  "vm.start": async (vm) => (await import("./vm.ts")).showVmStarted(vm),
  "vm.stop": (vm) => `vm ${escapeText(vm.name)} is ${vm.state}\n`,
  "vm.kill": (vm) => `vm ${escapeText(vm.name)} is ${vm.state}\n`,
  "vm.pause": async (vm) => (await import("./vm.ts")).showVmMoved(vm),
  "vm.resume": async (vm) => (await import("./vm.ts")).showVmMoved(vm),
  "vm.set": async (vm) => (await import("./vm.ts")).showVmChanged(vm, `changed vm ${vm.name}`),
  "vm.forward": async (vm) => (await import("./forwards.ts")).showForwards(vm),
  "vm.rename": async (vm) => (await import("./vm.ts")).showVmChanged(vm, `the vm is called ${vm.name} now`),
  "vm.delete": ({ vm }) => `deleted vm ${escapeText(vm)}\n`,
  "vm.list": async ({ vms }) => (await import("./vm.ts")).showVms(vms),
  "vm.show": async (vm) => (await import("./vm.ts")).showVm(vm),
  "vm.ports": async (output) => (await import("./ports.ts")).showPorts(output),
  "vm.stats": async ({ vms }) => (await import("./stats.ts")).showStats((await import("../stats-rates.ts")).rate([], vms)),
  "vm.logs": ({ text }) => endLine(escapeLines(text)),
  "ssh.places": ({ identityFile, knownHostsFile }) => `${escapeText(identityFile)}\n${escapeText(knownHostsFile)}\n`,
  "ssh.prepare": ({ host }) => `${escapeText(host)}\n`,
  "kernel.pull": (kernel) => `kernel ${escapeText(kernel.name)} is here\n`,
  "kernel.import": (kernel) => `kernel ${escapeText(kernel.name)} is here\n`,
  "kernel.build": (kernel) => `kernel ${escapeText(kernel.name)} is here\n`,
  "kernel.list": async ({ kernels }) => (await import("./goods.ts")).showKernels(kernels),
  "kernel.show": async (kernel) => (await import("./goods.ts")).showKernel(kernel),
  "kernel.bundle": ({ path }) => `${escapeText(path)}\n`,
  "kernel.rename": ({ name }) => `the kernel is now called ${escapeText(name)}\n`,
  "kernel.delete": ({ kernel }) => `deleted kernel ${escapeText(kernel)}\n`,
  "image.pull": (image) => `image ${escapeText(image.name)} is here\n`,
  "image.import": (image) => `image ${escapeText(image.name)} is here\n`,
  "image.promote": (image) => `image ${escapeText(image.name)} is here\n`,
  "image.build": (image) => `image ${escapeText(image.name)} is here\n`,
  "image.make-bundle": ({ path }) => `${escapeText(path)}\n`,
  "image.register": (image) => `image ${escapeText(image.name)} is here\n`,
  "image.list": async ({ images }) => (await import("./goods.ts")).showImages(images),
  "image.show": async (image) => (await import("./goods.ts")).showImage(image),
  "image.bundle": ({ path }) => `${escapeText(path)}\n`,
  "image.rename": ({ name }) => `the image is now called ${escapeText(name)}\n`,
  "image.tag": ({ name }) => `image ${escapeText(name)} is here\n`,
  "image.delete": ({ image }) => `deleted image ${escapeText(image)}\n`,
  "image.prune": async (report) => (await import("./storage.ts")).showPruned(report),
  "catalog.list": async (output) => (await import("./catalog.ts")).showCatalogs(output),
  "catalog.add": async (catalog) => (await import("./catalog.ts")).showCatalog(catalog),
  "catalog.update": async (catalog) => (await import("./catalog.ts")).showCatalog(catalog),
  "catalog.remove": ({ catalog }) => `removed catalog ${escapeText(catalog)}; what was pulled from it stays\n`,
  "network.create": ({ name }) => `network ${escapeText(name)} is here; banger vm create --network ${escapeText(name)} makes a vm in it\n`,
  "network.list": async (output) => (await import("./network.ts")).showNetworks(output),
  "network.delete": ({ network }) => `deleted network ${escapeText(network)}\n`,
  "operation.list": async ({ operations }) => (await import("./operation.ts")).showOperations(operations),
  "operation.show": async (operation) => (await import("./operation.ts")).showOperation(operation),
  "operation.cancel": async (operation) => (await import("./operation.ts")).showOperation(operation),
  "config.show": async (config) => (await import("./config.ts")).showConfig(config),
  "system.doctor": async (report) => (await import("./doctor.ts")).showReport(report),
  "system.version": ({ agent }) => `agent ${escapeText(agent)}\n`,
  "system.df": async (uses) => (await import("./storage.ts")).showUses(uses),
  "system.prune": async (report) => (await import("./storage.ts")).showPruned(report),
  "daemon.version": ({ version, pid }) => `banger ${escapeText(version)} (pid ${pid})\n`,
  "daemon.stop": ({ pid }) => `stopped the daemon (pid ${pid})\n`,
};

/** The text for people of one output. */
export function showOutput<Name extends CallableName>(name: Name, output: Output<Name>): Promise<string> | string {
  return SHOWS[name](output);
}

function endLine(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
