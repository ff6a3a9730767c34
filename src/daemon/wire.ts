/**
 * Chooses the implementations and joins the rooms: constructs everything, decides nothing of the domain. The one file that may
 * import any room's inside.
 */
import { cpus, totalmem } from "node:os";
import { makeOpenAgent } from "../agent/open-agent.ts";
import { makeDebianArchive } from "../catalog/debian/debian-archive.ts";
import { makeEmbeddedCatalog } from "../catalog/embedded-catalog.ts";
import { makeDisks } from "../disks/make-disks.ts";
import { makeFakeDriver } from "../drivers/fake/fake.ts";
import { makeQemuDriver } from "../drivers/qemu/qemu.ts";
import { readTscKHz } from "../drivers/read-tsc-khz.ts";
import type { Driver } from "../drivers/drivers.ts";
import { makeImages } from "../images/make-images.ts";
import { makeKernels } from "../kernels/make-kernels.ts";
import { makeNetwork } from "../network/make-network.ts";
import { makeLeases } from "../operations/leases-rows.ts";
import { makeOperations } from "../operations/make-operations.ts";
import { OPERATIONS_MIGRATIONS } from "../operations/operations-rows.ts";
import { makeVms } from "../vms/make-vms.ts";
import { makeVmRows, VM_MIGRATIONS } from "../vms/vm-rows.ts";
import { CONFIG_DEFAULTS } from "./config-entries.ts";
import { placeAgent } from "./place-agent.ts";
import { makeGate } from "./storage/gate.ts";
import { makeStorage } from "./storage/make-storage.ts";
import type { Wire } from "./rooms.ts";

const MIB = 2 ** 20;

export const wire: Wire = async ({ system, config, proxies }) => {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(system.databases.open(system.layout.database, [...OPERATIONS_MIGRATIONS, ...VM_MIGRATIONS]));
  const operations = makeOperations(database, system);
  const leases = makeLeases(database);
  const agentPath = await placeAgent(system);

  const catalog = makeEmbeddedCatalog();
  const archive = makeDebianArchive({ system, mirror: config.debian.mirror, proxies });
  const kernels = makeKernels({ system, archive, catalog, leases, agentPath });
  const images = makeImages({ system, archive, catalog, leases, uid: process.getuid?.() ?? 0, proxies });
  const disks = makeDisks({ system, leases });
  const network = makeNetwork({ system });
  const makeDriver: Readonly<Record<string, () => Driver>> = {
    qemu: () => makeQemuDriver({ system, program: config.drivers.qemu_binary ?? CONFIG_DEFAULTS.qemuBinary }),
    fake: () => makeFakeDriver({ system, agentPath }),
  };
  const drivers = (config.drivers.order ?? CONFIG_DEFAULTS.driverOrder).flatMap((name) => makeDriver[name]?.() ?? []);

  const closing = new AbortController();
  const vms = makeVms({
    system,
    rows: makeVmRows(database),
    leases,
    images,
    kernels,
    disks,
    network,
    drivers,
    openAgent: makeOpenAgent(system),
    host: {
      cpus: cpus().length,
      memoryMiB: Math.floor(totalmem() / MIB),
      tscKHz: () => readTscKHz(system, agentPath, closing.signal),
    },
    defaults: {
      image: config.default_image ?? CONFIG_DEFAULTS.image,
      memoryMiB: Math.floor((config.defaults.memory ?? CONFIG_DEFAULTS.memoryBytes) / MIB),
      layerBytes: config.defaults.disk ?? CONFIG_DEFAULTS.layerBytes,
      workBytes: config.defaults.work_disk ?? CONFIG_DEFAULTS.workBytes,
      bootDeadlineMs: config.defaults.boot_deadline ?? CONFIG_DEFAULTS.bootDeadlineMs,
    },
  });
  opened.defer(async () => {
    closing.abort();
    await vms.close();
  });

  const gate = makeGate();
  const storage = makeStorage({ system, vms, images, kernels, operations, leases, agentPath, gate });

  const open = opened.move();
  return { vms, kernels, images, operations, storage, gate, [Symbol.asyncDispose]: () => open.disposeAsync() };
};
