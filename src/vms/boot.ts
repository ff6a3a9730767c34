/**
 * From disks to a guest that answers: network, VMM, agent. Each part is pushed on `undo` as it is acquired; when a later
 * step fails all of it is released in reverse. Nothing here decides: the plan is complete.
 */
import type { Agent, Peer } from "../agent/agent.ts";
import { BangerError } from "../contract/errors.ts";
import type { DriverProbe, LaunchPlan, RunningVmm } from "../drivers/drivers.ts";
import type { ImageParts } from "../images/images.ts";
import type { BootSet } from "../kernels/kernels.ts";
import type { Grants, Link, LinkWish } from "../network/network.ts";
import type { Layout } from "../system/system.ts";
import { driverOf, type Steps, type VmDependencies } from "./dependencies.ts";
import { diskPathsIn } from "./disk-paths.ts";
import { makeGuestPlan } from "./guest-plan.ts";
import { installInit } from "./install-init.ts";
import { lengthenDisks } from "./lengthen-disks.ts";
import { givenOf } from "./pending.ts";
import type { VmBoot, VmPlan, VmRecord } from "./vm-record.ts";
import { ENOUGH_BYTES } from "./watch-run.ts";
import { startDeadline, whileAlive } from "./while-alive.ts";
import { shortenLogs } from "./logs/shorten-logs.ts";

/** Who has told already why guests are emulated here: that is long, and the same at every start. */
const told = new WeakSet<VmDependencies>();

/** What a start needs to know; found out in stage `resolve`. */
export interface BootParts {
  readonly image: ImageParts;
  readonly kernel: BootSet;
  readonly probe: Extract<DriverProbe, { usable: true }>;
  readonly tscKHz: number | undefined;
}

/** A guest that answers. */
export interface BootedVm {
  readonly vmm: RunningVmm;
  readonly agent: Agent;
  readonly boot: VmBoot;
  /** Whom its guest knows by name. */
  readonly peers: readonly Peer[];
  /** Ends it and removes every trace of this run, in reverse. */
  readonly release: AsyncDisposableStack;
}

/** Asks stores and driver for what the plan names; a thing that was there at create may be gone at start. */
export async function resolveBoot(record: VmRecord, dependencies: VmDependencies, signal: AbortSignal): Promise<BootParts> {
  const { plan } = record;
  await requireRoom(record.name, dependencies);
  const driver = driverOf(dependencies, plan.driver);
  const [image, kernel, probe, tscKHz] = await Promise.all([
    dependencies.images.parts(plan.image),
    dependencies.kernels.bootSet(plan.kernel),
    driver.probe(signal),
    dependencies.host.tscKHz(),
  ]);
  if (!probe.usable) {
    throw new BangerError("unavailable", "driver_unusable", `cannot start vm ${record.name}: driver ${plan.driver}: ${probe.reason}`, {
      hint: probe.hint,
    });
  }
  return { image, kernel, probe, tscKHz: probe.acceleration === "tcg" ? tscKHz : undefined };
}

/** A guest that is held in its boot would be of no use. */
async function requireRoom(name: string, { system: { files, layout } }: VmDependencies): Promise<void> {
  const { state } = layout.roots;
  const free = await files.freeBytes(state);
  if (free >= ENOUGH_BYTES) return;
  const left = Math.floor(free / 2 ** 20);
  throw new BangerError(
    "unavailable",
    "host_disk_full",
    `cannot start vm ${name}: the disk that holds ${state} has only ${left} MiB left`,
    {
      hint: "free some space: banger vm delete NAME, or df -h",
    },
  );
}

/** Boots the guest. `onVmm` stores the VMM's record as soon as there is one. */
export async function bootVm(
  record: VmRecord,
  parts: BootParts,
  dependencies: VmDependencies,
  steps: Steps,
  onVmm: (boot: VmBoot) => void,
): Promise<BootedVm> {
  const { system, leases, network, openAgent, defaults } = dependencies;
  const { layout, files, clock } = system;
  const runFolder = layout.vmRunFolder(record.id);
  const stages: { stage: string; elapsedMs: number }[] = [];
  const timed: Steps["stage"] = async (stage, body) => {
    const started = clock.monotonicMs();
    const result = await steps.stage(stage, body);
    stages.push({ stage, elapsedMs: Math.round((clock.monotonicMs() - started) * 10) / 10 });
    return result;
  };
  await using undo = new AsyncDisposableStack();

  const link = await timed("network", async (stage) => {
    await shortenLogs(system, record.id);
    await files.removeTree(runFolder);
    undo.defer(() => releaseRunFolder(record.id, dependencies));
    leases.write({ kind: "vm-run-folder", key: runFolder, vmId: record.id, operationId: undefined });
    await files.makeFolder(runFolder);
    const opened = undo.use(await network.openLink(record.id, wishOf(record, dependencies), steps.signal));
    stage.note(opened.mode);
    if (opened.notice !== undefined) steps.notice(opened.notice);
    return opened;
  });

  const driver = driverOf(dependencies, record.plan.driver);
  const boot = (vmm: RunningVmm, startedAt: number | null): VmBoot => ({
    vmm: vmm.record,
    acceleration: parts.probe.acceleration,
    accelerationReason: parts.probe.reason,
    networkMode: link.mode,
    networkWhy: link.why,
    address: link.guest?.address ?? null,
    startedAt,
    given: givenOf(record),
    requirements: [],
    stages,
  });

  using late = startDeadline(system, defaults.bootDeadlineMs);
  const { vmm, agent } = await timed("boot", async (stage) => {
    stage.note(parts.probe.acceleration);
    if (parts.probe.acceleration === "tcg") {
      const isKnown = told.has(dependencies);
      steps.notice(isKnown ? "emulated; banger doctor says why" : `the guest is emulated, not accelerated: ${parts.probe.reason}`);
      told.add(dependencies);
    }
    // What was set while it was stopped, or cut off by a crash.
    await lengthenDisks(record.id, record.plan, dependencies);
    const launched = undo.use(await driver.launch(launchPlan(record, parts, link, layout), steps.signal));
    onVmm(boot(launched, null));
    const connected = undo.use(
      await whileAlive(
        launched,
        record,
        system,
        steps.signal,
        (signal) =>
          openAgent({ connect: (connectSignal) => launched.connectAgent(connectSignal), deadlineMs: defaults.bootDeadlineMs, signal }),
        late,
      ),
    );
    return { vmm: launched, agent: connected };
  });

  const peers = dependencies.peers.of(record);
  const { installs } = await timed("agent", (stage) =>
    whileAlive(
      vmm,
      record,
      system,
      steps.signal,
      async (signal) => {
        const report = await agent.configure(
          makeGuestPlan(record, link, driver.capabilities.isolates ? parts.image : undefined, peers, system),
          signal,
        );
        stage.note(report.kernel);
        return report;
      },
      late,
    ),
  );
  if (installs !== undefined) {
    steps.notice(`image ${record.plan.image} has no ${installs.init}: it is installed now, once; banger logs -f ${record.name} shows how`);
    await timed("install", (stage) =>
      whileAlive(vmm, record, system, steps.signal, (signal) => installInit({ agent, installs }, clock, stage, signal)),
    );
  }
  return { vmm, agent, peers, boot: boot(vmm, clock.nowMs()), release: undo.move() };
}

/** Removes the sockets of a run and the lease on them. */
export async function releaseRunFolder(vmId: string, { system, leases }: VmDependencies): Promise<void> {
  const runFolder = system.layout.vmRunFolder(vmId);
  await system.files.removeTree(runFolder);
  leases.drop("vm-run-folder", runFolder);
}

function wishOf({ plan }: VmRecord, dependencies: Pick<VmDependencies, "networks">): LinkWish {
  return { wanted: plan.nat || plan.network !== null, unsafe: plan.unsafeNet, grants: grantsOf(plan, dependencies) };
}

/** What the network is to let it reach. Throws `not_found` `network_not_found`. */
export function grantsOf(
  { nat, network, allowHost, allowLan }: Pick<VmPlan, "nat" | "network" | "allowHost" | "allowLan">,
  { networks }: Pick<VmDependencies, "networks">,
): Grants {
  return { hostPorts: allowHost, lan: allowLan, outward: nat, network: network === null ? null : networks.get(network).number };
}

function launchPlan(record: VmRecord, parts: BootParts, link: Link, layout: Layout): LaunchPlan {
  const { layer, work } = diskPathsIn(layout.vmFolder(record.id));
  return {
    vmId: record.id,
    name: record.name,
    cpus: record.plan.cpus,
    memoryMiB: record.plan.memoryMiB,
    acceleration: parts.probe.acceleration,
    kernelPath: parts.kernel.kernelPath,
    initrdPath: parts.kernel.initrdPath,
    needsAcpi: parts.kernel.needsAcpi,
    tscKHz: parts.tscKHz,
    disks: [
      { serial: "base", path: parts.image.basePath, readOnly: true },
      { serial: "layer", path: layer, readOnly: false },
      { serial: "work", path: work, readOnly: false },
    ],
    link: link.end,
    runFolder: layout.vmRunFolder(record.id),
    consoleLogPath: layout.consoleLog(record.id),
    vmmLogPath: layout.vmmLog(record.id),
  };
}
