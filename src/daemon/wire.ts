/**
 * Chooses the implementations and joins the rooms: constructs everything, decides nothing of the domain. The one file that may
 * import any room's inside.
 */
import { cpus, totalmem } from "node:os";
import { makeOpenAgent } from "../agent/open-agent.ts";
import { makeDebianArchive } from "../catalog/debian/debian-archive.ts";
import { makeEmbeddedCatalog } from "../catalog/embedded-catalog.ts";
import { DEFAULT_LAYER_BYTES, DEFAULT_WORK_BYTES } from "../disks/disks.ts";
import { makeDisks } from "../disks/make-disks.ts";
import { makeFakeDriver } from "../drivers/fake/fake.ts";
import { makeQemuDriver } from "../drivers/qemu/qemu.ts";
import { readTscKHz } from "../drivers/read-tsc-khz.ts";
import { makeConsoles, type Driver } from "../drivers/drivers.ts";
import { makeImages } from "../images/make-images.ts";
import { makeKernels } from "../kernels/make-kernels.ts";
import { makeNetwork } from "../network/make-network.ts";
import { makeLeases } from "../operations/leases-rows.ts";
import { makeOperations } from "../operations/make-operations.ts";
import { OPERATIONS_MIGRATIONS } from "../operations/operations-rows.ts";
import { makeVms } from "../vms/make-vms.ts";
import { makeVmRows, VM_MIGRATIONS } from "../vms/vm-rows.ts";
import { placeAgent } from "./place-agent.ts";
import type { Wire } from "./rooms.ts";

const MIB = 2 ** 20;
const DEFAULT_IMAGE = "debian-bookworm";
const DEFAULT_MEMORY_BYTES = 1024 * MIB;
const DEFAULT_CONSOLE_BYTES = 16 * MIB;
/** An emulated guest on a busy computer may need most of it. */
const BOOT_DEADLINE_MS = 180_000;

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
  const consoles = makeConsoles({ system, agentPath, maxBytes: config.logs.console ?? DEFAULT_CONSOLE_BYTES });
  const makeDriver: Readonly<Record<string, () => Driver>> = {
    qemu: () =>
      makeQemuDriver({ system, consoles, ...(config.drivers.qemu_binary === undefined ? {} : { program: config.drivers.qemu_binary }) }),
    fake: () => makeFakeDriver({ system, consoles, agentPath }),
  };
  const drivers = (config.drivers.order ?? ["qemu"]).flatMap((name) => makeDriver[name]?.() ?? []);

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
      image: config.default_image ?? DEFAULT_IMAGE,
      memoryMiB: Math.floor((config.defaults.memory ?? DEFAULT_MEMORY_BYTES) / MIB),
      layerBytes: config.defaults.disk ?? DEFAULT_LAYER_BYTES,
      workBytes: config.defaults.work_disk ?? DEFAULT_WORK_BYTES,
      bootDeadlineMs: config.defaults.boot_deadline ?? BOOT_DEADLINE_MS,
    },
  });
  opened.defer(async () => {
    closing.abort();
    await vms.close();
  });

  const open = opened.move();
  return { vms, kernels, images, operations, [Symbol.asyncDispose]: () => open.disposeAsync() };
};
