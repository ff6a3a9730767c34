/**
 * Chooses the implementations and joins the rooms: constructs everything, decides nothing of the domain. With
 * `wire-local.ts` the one file that may import any room's inside.
 */
import { cpus, totalmem } from "node:os";
import { makeOpenAgent } from "../agent/open-agent.ts";
import { buildahProbe } from "../builds/builds.ts";
import { makeBuilds } from "../builds/make-builds.ts";
import { CATALOG_MIGRATIONS, makeCatalogRows } from "../catalog/catalogs/catalog-rows.ts";
import ownKernelConfig from "../../kernels/generic-6.12.config" with { type: "file" };
import { makeCatalogs } from "../catalog/catalogs/make-catalogs.ts";
import { makeDebianArchive } from "../catalog/debian/debian-archive.ts";
import { makeBundles } from "../catalog/bundle/make-bundles.ts";
import type { Catalogs } from "../catalog/catalog.ts";
import { openEmbedded } from "../catalog/embedded-catalog.ts";
import type { Fetcher } from "../catalog/fetch/fetcher.ts";
import { openFetcher } from "../catalog/fetch/open-fetcher.ts";
import { makeOciSources } from "../catalog/oci/oci-sources.ts";
import { makeOffers } from "../catalog/offers/make-offers.ts";
import signingKeys from "../../kernels/signing-keys.json";
import { makeDisks } from "../disks/make-disks.ts";
import { makeFakeDriver } from "../drivers/fake/fake.ts";
import { makeQemuDriver } from "../drivers/qemu/qemu.ts";
import { readTscKHz } from "../drivers/read-tsc-khz.ts";
import { makeConsoles, type Driver } from "../drivers/drivers.ts";
import { makeImages } from "../images/make-images.ts";
import { makeKernels } from "../kernels/make-kernels.ts";
import { makeNetwork } from "../network/make-network.ts";
import { makePorts } from "../ports/make-ports.ts";
import { openProxy, type ProxyOptions } from "../ports/proxy/open-proxy.ts";
import { makeLeases } from "../operations/leases-rows.ts";
import { makeOperations } from "../operations/make-operations.ts";
import { OPERATIONS_MIGRATIONS } from "../operations/operations-rows.ts";
import { makeSsh } from "../ssh/make-ssh.ts";
import { makeVms } from "../vms/make-vms.ts";
import { makeNetworkRows, NETWORK_MIGRATIONS } from "../vms/networks/network-rows.ts";
import { makePeers } from "../vms/networks/peers.ts";
import { makeVmRows, VM_MIGRATIONS } from "../vms/vm-rows.ts";
import { makeAbout, type About } from "./about.ts";
import { CONFIG_DEFAULTS } from "./config-entries.ts";
import { openSshServer, placeAgent, placeLayers, placeNethelper } from "./place-programs.ts";
import { makeGate } from "./storage/gate.ts";
import { makeStorage } from "./storage/make-storage.ts";
import type { Wire, WireOptions } from "./rooms.ts";
import type { Leases } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import type { Doctor } from "./doctor/doctor.ts";
import { makeDoctor } from "./doctor/make-doctor.ts";

const MIB = 2 ** 20;

/** Of all rooms that keep something in the database. */
export const MIGRATIONS = [...OPERATIONS_MIGRATIONS, ...VM_MIGRATIONS, ...NETWORK_MIGRATIONS, ...CATALOG_MIGRATIONS];

export const wire: Wire = async ({ system, config, configFile, proxies, onTrouble }) => {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(system.databases.open(system.layout.database, MIGRATIONS));
  const operations = makeOperations(database, system);
  const leases = makeLeases(database);
  const agentPath = await placeAgent(system);

  const fetcher = openFetcher(system, { proxies, advice: "ask whoever keeps the catalog" });
  const catalogs = makeCatalogs({ system, configured: config.catalogs, rows: makeCatalogRows(database), fetcher });
  const means = makeMeans({ system, config, proxies, leases, agentPath, fetcher, catalogs });
  const { kernels, images, disks, network, drivers, embedded } = means;

  const defaultImage = config.default_image ?? CONFIG_DEFAULTS.image;
  const closing = new AbortController();
  const vms = makeVms({
    system,
    rows: makeVmRows(database),
    leases,
    images,
    kernels,
    disks,
    network,
    ports: makePorts(system),
    networks: makeNetworkRows(database),
    peers: makePeers(),
    // A vm may run under one that is no longer offered.
    drivers: means.every,
    offered: drivers.map(({ name }) => name),
    openAgent: makeOpenAgent(system),
    host: {
      cpus: cpus().length,
      memoryMiB: Math.floor(totalmem() / MIB),
      tscKHz: () => readTscKHz(system, agentPath, closing.signal),
    },
    defaults: {
      image: defaultImage,
      isImageConfigured: config.default_image !== undefined,
      kernel: config.default_kernel ?? CONFIG_DEFAULTS.kernel,
      memoryMiB: Math.floor((config.defaults.memory ?? CONFIG_DEFAULTS.memoryBytes) / MIB),
      layerBytes: config.defaults.disk ?? CONFIG_DEFAULTS.layerBytes,
      workBytes: config.defaults.work_disk ?? CONFIG_DEFAULTS.workBytes,
      bootDeadlineMs: config.defaults.boot_deadline ?? CONFIG_DEFAULTS.bootDeadlineMs,
    },
    onTrouble,
  });
  opened.use(network); // closed after the vms: whether one keeps it is known by then
  opened.defer(async () => {
    closing.abort();
    await vms.close();
  });

  const builds = makeBuilds({ system, vms, images, leases, uid: ourUid(), variables: proxies, onTrouble });
  const ssh = makeSsh({ system, vms, key: config.ssh.key, carried: openSshServer(system) });
  const dial: ProxyOptions["dial"] = (vm, port, signal) => vms.dial(vm, port, signal);
  const proxy = config.proxy.listen === undefined ? undefined : opened.use(openProxy({ ...config.proxy.listen, dial }, system));
  const gate = makeGate();
  const doctor = makeDoctor({
    ...means,
    probes: [...means.probes, ...(proxy === undefined ? [] : [proxy.probe])],
    system,
    uid: ourUid(),
    config: configFile,
    holders: async () => ({
      vms: new Map((await vms.list()).map(({ id, state }) => [id, state])),
      leases: leases.list(),
      runningOperations: new Set(operations.list().flatMap(({ id, state }) => (state === "running" ? [id] : []))),
    }),
    remover: { leases, gate, reconcileBuilds: () => builds.reconcile() },
  });
  const storage = makeStorage({
    system,
    vms,
    images,
    builds,
    kernels,
    operations,
    leases,
    agentPath,
    gate,
    defaultImage,
    leftovers: () => doctor.leftovers(),
  });

  const about = makeAbout({ system, agentPath, drivers, vms });

  const open = opened.move();
  return {
    vms,
    builds,
    ssh,
    kernels,
    images,
    catalogs,
    embedded,
    operations,
    storage,
    doctor,
    about,
    gate,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
};

/** The rooms that hold nothing open, and so can be made where no daemon runs. */
function makeMeans({ system, config, proxies, leases, agentPath, fetcher, catalogs }: MeansParts) {
  const embedded = openEmbedded();
  const offers = makeOffers({ system, catalogs, embedded });
  const bundles = makeBundles(system, fetcher, leases);
  const archive = makeDebianArchive({ system, mirror: config.debian.mirror, securityMirror: config.debian.security_mirror, proxies });
  const building = {
    fetcher: openFetcher(system, { proxies, advice: "set kernel_build.mirror and kernel_build.keyservers in the config" }),
    mirror: config.kernel_build.mirror ?? CONFIG_DEFAULTS.kernelMirror,
    keyservers: config.kernel_build.keyservers ?? CONFIG_DEFAULTS.keyservers,
    fingerprints: signingKeys.keys.map(({ fingerprint }) => fingerprint),
    ownConfig: { path: ownKernelConfig, version: "6.12.117" },
    jobs: cpus().length,
    leastBytes: 4 * 2 ** 30,
  };
  const kernels = makeKernels({ system, archive, offers, bundles, leases, agentPath, building });
  // Who started the daemon is who it pulls for: their environment leads to their logins.
  const sources = makeOciSources({ system, fetcher, settings: config.registries, proxies, variables: proxies, architecture: "amd64" });
  const images = makeImages({
    system,
    archive,
    offers,
    sources,
    bundles,
    placeLayers: () => placeLayers(system),
    leases,
    uid: ourUid(),
    proxies,
  });
  const disks = makeDisks({ system, leases, poolBytes: config.defaults.disk ?? CONFIG_DEFAULTS.layerBytes });
  const network = makeNetwork({
    system,
    mode: config.network.mode ?? CONFIG_DEFAULTS.networkMode,
    uid: ourUid(),
    placeHelper: () => placeNethelper(system),
  });
  const consoles = makeConsoles({ system, agentPath, maxBytes: config.logs.console ?? CONFIG_DEFAULTS.consoleBytes });
  const makeDriver: Readonly<Record<string, () => Driver>> = {
    qemu: () => makeQemuDriver({ system, consoles, program: config.drivers.qemu_binary ?? CONFIG_DEFAULTS.qemuBinary }),
    fake: () => makeFakeDriver({ system, consoles, agentPath }),
  };
  const every = Object.values(makeDriver).map((make) => make());
  const drivers = (config.drivers.order ?? CONFIG_DEFAULTS.driverOrder).flatMap((name) => every.filter((driver) => driver.name === name));
  const probes = [...disks.probes(), ...images.probes(), ...archive.probes(), ...network.probes(), buildahProbe(system)];
  return { kernels, images, embedded, disks, network, every, drivers, probes };
}

interface MeansParts extends Pick<WireOptions, "system" | "config" | "proxies"> {
  readonly leases: Leases;
  readonly agentPath: string;
  readonly fetcher: Fetcher;
  readonly catalogs: Pick<Catalogs, "list" | "update">;
}

/** A doctor for where no daemon runs: it looks at the database of the last one, and removes nothing. */
export function wireDoctor({ system, config, proxies }: Pick<WireOptions, "system" | "config" | "proxies">): Doctor {
  const means = makeMeans({ system, config, proxies, leases: NO_LEASES, agentPath: "", ...without(system, proxies) });
  return makeDoctor({
    ...means,
    system,
    uid: ourUid(),
    config: undefined,
    holders: async () => {
      const nothing = { vms: new Map<string, never>(), leases: [], runningOperations: new Set<string>() };
      if ((await system.files.find(system.layout.database)) === undefined) return nothing;
      using database = system.databases.openToRead(system.layout.database);
      const { records, unreadable } = makeVmRows(database).list();
      const states = [...records.map(({ id, state }) => [id, state] as const), ...unreadable.map(({ id }) => [id, "broken"] as const)];
      return { ...nothing, vms: new Map(states), leases: makeLeases(database).list() };
    },
    remover: undefined,
  });
}

/** The versions that a daemon would have, where none runs. */
export async function wireAbout({ system, config, proxies }: Pick<WireOptions, "system" | "config" | "proxies">): Promise<About> {
  const agentPath = await placeAgent(system);
  const { drivers } = makeMeans({ system, config, proxies, leases: NO_LEASES, agentPath, ...without(system, proxies) });
  return makeAbout({
    system,
    agentPath,
    drivers,
    vms: { list: async () => [], agentOf: () => Promise.reject(new Error("no vm runs here")) },
  });
}

/** What is made without a daemon claims nothing: it only looks. */
const NO_LEASES: Leases = { write: () => undefined, drop: () => undefined, dropAllOf: () => undefined, list: () => [] };

/** Where nothing is pulled, no catalog is asked. */
function without(system: System, proxies: WireOptions["proxies"]): Pick<MeansParts, "fetcher" | "catalogs"> {
  return {
    fetcher: openFetcher(system, { proxies, advice: "" }),
    catalogs: { list: () => [], update: () => Promise.reject(new Error("no catalog is asked here")) },
  };
}

function ourUid(): number {
  return process.getuid?.() ?? 0;
}
