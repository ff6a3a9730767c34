/** The heart without a computer around it: driver, VMMs, agents, network, disks and clock in memory; rows and files are real. */
import { mkdtempSync, rmSync } from "node:fs";
import type { Agent } from "../agent/agent.ts";
import { NO_COMMANDS } from "../contract/schemas/image-commands.ts";
import type { GuestAddress } from "../contract/link.ts";
import type { Driver, VmmExit } from "../drivers/drivers.ts";
import { LEASES_MIGRATION, makeLeases } from "../operations/leases-rows.ts";
import type { Leases, OperationContext } from "../operations/operations.ts";
import { makePorts } from "../ports/make-ports.ts";
import { openDatabase } from "../system/database.ts";
import { makeSystem } from "../system/make-system.ts";
import type { Database, Files, Log, ProcessIdentity, Processes, System } from "../system/system.ts";
import type { VmDependencies } from "./dependencies.ts";
import { makeTestAgent, type TestAgent, type TestGuest } from "./test-agent.ts";
import { BOOT_ID, makeTestClock, type TestClock } from "./test-clock.ts";
import { makeTestGoods } from "./test-goods.ts";
import { makeTestVmm, type TestVmm } from "./test-vmm.ts";
import type { VmPlan, VmRecord } from "./vm-record.ts";
import { makeNetworkRows, NETWORK_MIGRATIONS } from "./networks/network-rows.ts";
import { makePeers } from "./networks/peers.ts";
import { makeVmRows, VM_MIGRATIONS, type VmRows } from "./vm-rows.ts";

const ignore = (): void => undefined;
const log: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** What a test makes go another way; each is asked anew every time. */
export interface Behaviour {
  launch(vmm: TestVmm): Promise<TestVmm>;
  adopt: Driver["adopt"];
  explainEnd(): Promise<VmmExit | undefined>;
  openAgent(agent: TestAgent, signal: AbortSignal): Promise<Agent>;
  health: TestGuest["health"];
  configure: TestGuest["configure"];
  pause(): Promise<void>;
  powerOff(vmm: TestVmm | undefined): Promise<void>;
  releaseLink(): Promise<void>;
  removeLink(vmId: string): Promise<void>;
  removeTree: Files["removeTree"];
  freeBytes: number;
  resume(): Promise<void>;
  linkMode: "none" | "rootless";
  networkProblem: string | undefined;
  openLayer(): Promise<void>;
}

export interface TestWorld extends Disposable {
  readonly system: System;
  readonly clock: TestClock;
  readonly database: Database;
  readonly rows: VmRows;
  readonly leases: Leases;
  readonly dependencies: VmDependencies;
  readonly behaviour: Behaviour;
  /** Every VMM that was launched or adopted. */
  readonly vmms: TestVmm[];
  readonly agents: TestAgent[];
  /** How often somebody asked for things to be put in order. */
  readonly troubles: number;
  /** Pids that live. */
  readonly alive: Set<number>;
  /** Goods by name; a test may remove some. */
  readonly images: Set<string>;
  insert(change?: Partial<Omit<VmRecord, "plan">> & { readonly plan?: Partial<VmPlan> }): VmRecord;
}

const PLAN: VmPlan = {
  image: "debian-bookworm",
  kernel: "debian-6.12",
  driver: "fake",
  cpus: 1,
  memoryMiB: 128,
  layerBytes: 2 ** 30,
  workBytes: 2 ** 30,
  nat: false,
  network: null,
  forwards: [],
  unsafeNet: false,
  allowHost: [],
  allowLan: [],
  init: "agent",
  env: {},
  commands: NO_COMMANDS,
  labels: {},
  ephemeral: false,
  requirements: [],
};

/** As the room `network` numbers its slots. */
function addressOf(mode: string, number: number): GuestAddress | undefined {
  if (mode === "none") return undefined;
  const address = `198.19.0.${4 * (number - 1) + 2}/30`;
  return { mac: "52:54:00:13:00:00", address, gateway: "198.19.0.1", dns: [], search: [], mtu: 1500 };
}

export function openTestWorld(): TestWorld {
  let lastLink = 0;
  const home = mkdtempSync("/tmp/banger-vms-");
  const real = makeSystem({ BANGER_HOME: home, PATH: process.env["PATH"] }, log);
  const database = openDatabase(":memory:", [LEASES_MIGRATION, ...VM_MIGRATIONS, ...NETWORK_MIGRATIONS]);
  const [rows, leases, networks] = [makeVmRows(database), makeLeases(database), makeNetworkRows(database)];
  const [vmms, agents]: [TestVmm[], TestAgent[]] = [[], []];
  const alive = new Set<number>();
  const gone = new Map<number, () => void>();
  const images = new Set(["debian-bookworm"]);
  const clock = makeTestClock(real.clock);
  let [lastPid, lastId, troubles] = [1000, 0, 0];

  const behaviour: Behaviour = {
    launch: async (vmm) => vmm,
    adopt: async ({ vmId, identity }) => {
      if (!alive.has(identity.pid)) return undefined;
      const vmm = makeVmm(vmId, identity);
      vmms.push(vmm);
      return vmm;
    },
    explainEnd: async () => undefined,
    openAgent: async (agent) => agent,
    health: async () => ({ state: "configured", uptimeMs: 1, init: "agent" }),
    configure: async () => undefined,
    pause: async () => undefined,
    powerOff: async (vmm) => {
      if (vmm?.isStill === false) vmm.end({ reason: "guest-power-off" });
    },
    releaseLink: async () => undefined,
    removeLink: async () => undefined,
    removeTree: (path) => real.files.removeTree(path),
    freeBytes: 2 ** 40,
    resume: async () => undefined,
    linkMode: "none",
    networkProblem: undefined,
    openLayer: async () => undefined,
  };
  const end = (pid: number): void => {
    alive.delete(pid);
    gone.get(pid)?.();
  };
  const processes: Processes = {
    ...real.processes,
    isAlive: ({ pid }) => alive.has(pid),
    signal: ({ pid }) => {
      const was = alive.has(pid);
      end(pid);
      return was;
    },
    watchEnd: ({ pid }) => (alive.has(pid) ? new Promise((resolve) => gone.set(pid, resolve)) : Promise.resolve()),
    findByArgument: () => [],
  };
  const system: System = {
    ...real,
    clock,
    processes,
    files: { ...real.files, freeBytes: async () => behaviour.freeBytes, removeTree: (path) => behaviour.removeTree(path) },
  };

  const makeVmm = (vmId: string, identity: ProcessIdentity): TestVmm =>
    makeTestVmm(
      { driver: "fake", vmId, identity, runFolder: system.layout.vmRunFolder(vmId) },
      { alive, end, pause: () => behaviour.pause(), resume: () => behaviour.resume() },
    );
  const driver: Driver = {
    name: "fake",
    capabilities: { pause: true, growDiskLive: false, snapshot: false, links: ["none"], isolates: false },
    probe: async () => ({ usable: true, acceleration: "none", reason: "it is faked", version: "1" }),
    launch: async ({ vmId }) => {
      lastPid += 1;
      alive.add(lastPid);
      const vmm = makeVmm(vmId, { pid: lastPid, startTicks: 1, bootId: BOOT_ID });
      vmms.push(vmm);
      return behaviour.launch(vmm);
    },
    adopt: (record, signal) => behaviour.adopt(record, signal),
    explainEnd: () => behaviour.explainEnd(),
    findStrays: () => vmms.filter(({ record }) => alive.has(record.identity.pid)).map(({ record }) => record),
  };
  const dependencies: VmDependencies = {
    system,
    rows,
    leases,
    networks,
    peers: makePeers(),
    ...makeTestGoods(images, PLAN.kernel),
    disks: {
      openLayer: async (path) => {
        await behaviour.openLayer();
        await system.files.write(path, "layer");
        return { fromPool: true };
      },
      openWorkDisk: (path) => system.files.write(path, "work"),
      copy: (from, path) => system.files.copySparse(from, path),
      lengthen: async () => undefined,
      bytes: async () => PLAN.layerBytes,
      allocatedBytes: async () => 4096,
      probes: () => [],
      refill: async () => undefined,
      reconcile: async () => undefined,
    },
    network: {
      probes: () => [],
      findUnsafe: async () => undefined,
      openLink: async () => ({
        mode: behaviour.linkMode,
        why: "the test says so",
        end: { kind: "none" },
        guest: addressOf(behaviour.linkMode, (lastLink += 1)),
        notice: undefined,
        [Symbol.asyncDispose]: () => behaviour.releaseLink(),
      }),
      removeLink: (vmId) => behaviour.removeLink(vmId),
      setGrants: async () => undefined,
      get problem() {
        return behaviour.networkProblem;
      },
      traffic: async () => undefined,
      listClaims: () => [],
      findServants: () => [],
      reconcile: async () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    },
    ports: makePorts(system),
    drivers: [driver],
    offered: ["fake"],
    openAgent: async ({ signal }) => {
      signal.throwIfAborted();
      const agent = makeTestAgent({
        health: (given) => behaviour.health(given),
        configure: (given) => behaviour.configure(given),
        powerOff: () => behaviour.powerOff(vmms.at(-1)),
      });
      agents.push(agent);
      return behaviour.openAgent(agent, signal);
    },
    host: { cpus: 4, memoryMiB: 4096, tscKHz: async () => undefined },
    defaults: {
      image: "debian-bookworm",
      isImageConfigured: false,
      kernel: "debian-6.12",
      memoryMiB: 512,
      layerBytes: PLAN.layerBytes,
      workBytes: PLAN.workBytes,
      bootDeadlineMs: 60_000,
    },
    onTrouble: () => void (troubles += 1),
  };
  return {
    system,
    clock,
    database,
    rows,
    leases,
    dependencies,
    behaviour,
    vmms,
    agents,
    alive,
    images,
    get troubles() {
      return troubles;
    },
    insert: ({ plan, ...change } = {}) => {
      lastId += 1;
      const id = lastId.toString(16).padStart(12, "0");
      const record: VmRecord = {
        id,
        name: `vm-${lastId}`,
        state: "stopped",
        generation: 1,
        problem: null,
        boot: null,
        createdAt: lastId,
        ...change,
        plan: { ...PLAN, ...plan },
      };
      rows.insert(record);
      return record;
    },
    [Symbol.dispose]: () => {
      database[Symbol.dispose]();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** What an operation's work is given, without the operation. */
export function makeContext(signal: AbortSignal = new AbortController().signal): OperationContext & { readonly subjects: string[] } {
  const subjects: string[] = [];
  return {
    operationId: "op",
    signal,
    subjects,
    stage: (_stage, body) => body({ progress: ignore, note: ignore }),
    notice: ignore,
    output: ignore,
    about: (subject) => void subjects.push(subject),
  };
}
