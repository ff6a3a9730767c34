/** Rooms for tests: vms in memory, a real operations engine over a database in memory. */
import type { Duplex } from "node:stream";
import { fakeCommandsOf, makeFakeImages } from "./fake-images.ts";
import { makeFakeKernels } from "./fake-kernels.ts";
import { openEmbedded } from "../catalog/embedded-catalog.ts";
import { BangerError } from "../contract/errors.ts";
import type { Vm } from "../contract/schemas/vm.ts";
import { makeOperations } from "../operations/make-operations.ts";
import { OPERATIONS_MIGRATIONS } from "../operations/operations-rows.ts";
import type { OperationContext } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import { isSamePlace } from "../contract/schemas/forward.ts";
import { isWanted } from "../vms/filter.ts";
import type { CreateRequest, Vms } from "../vms/vms.ts";
import { fakePorts, fakeStatsOf } from "./fake-looks.ts";
import { fakeLogs } from "./fake-logs.ts";
import { openFakePort } from "./fake-port.ts";
import { openFakeGuest } from "./fake-guest.ts";
import { makeFakeDoctor } from "./doctor/fake-doctor.ts";
import type { Rooms } from "./rooms.ts";
import { makeFakeStorage } from "./storage/fake-storage.ts";
import { makeGate } from "./storage/gate.ts";

export interface FakeRooms extends Rooms {
  /** The requests to create that arrived. */
  readonly created: CreateRequest[];
  /** What `vm logs` shows of every vm; and what everybody says of the image `hostile`, and of `hostile-broken`, which fails. */
  consoleText: string;
  /** The guest's end of every copy; a test that copies gives it. */
  openCopy: (signal: AbortSignal) => Promise<Duplex>;
}

/** As for an image that has none. */
async function refuseSsh(fake: FakeRooms, vm: string): Promise<never> {
  const { name } = await fake.vms.get(vm);
  throw new BangerError("unsupported", "no_sshd", `cannot use SSH with vm \`${name}\`: there is no sshd in it`, {
    hint: `banger shell ${name}`,
  });
}

/** The image `slow` takes until it is cancelled, `stubborn` a while longer; `broken` fails; `noisy` tells much. */
export function makeFakeRooms(system: Pick<System, "clock" | "random" | "log" | "databases">): FakeRooms {
  const operations = makeOperations(system.databases.open(":memory:", OPERATIONS_MIGRATIONS), system);
  const created: CreateRequest[] = [];
  const fake: FakeRooms = {
    vms: makeFakeVms(system, created, () => fake),
    kernels: makeFakeKernels(),
    images: makeFakeImages(),
    builds: {
      promote: async ({ vm, as }, context) => {
        await fake.vms.get(vm);
        return fake.images.import(as, "/", {}, context);
      },
      build: ({ as }, context) => fake.images.import(as, "/", {}, context),
      forgetStep: async () => undefined,
      reconcile: async () => undefined,
    },
    ssh: {
      serverOf: async () => null,
      places: async () => ({ identityFile: "/home/me/.banger/ssh/id_ed25519", knownHostsFile: "/home/me/.banger/ssh/known_hosts" }),
      prepare: (vm) => refuseSsh(fake, vm),
      connect: (vm) => refuseSsh(fake, vm),
    },
    // None can be fetched here; one that is inside the program is the real one.
    catalogs: {
      list: () => [],
      add: async () => Promise.reject(new Error("not faked")),
      update: async () => Promise.reject(new Error("not faked")),
      remove: () => undefined,
    },
    embedded: openEmbedded(),
    operations,
    storage: makeFakeStorage(system),
    doctor: makeFakeDoctor(),
    about: {
      agentVersion: async () => "0.1.0",
      drivers: async () => [{ name: "fake", version: "1.0", acceleration: "none", reason: "there is nothing to accelerate" }],
      agents: async () => [
        { name: "new", agent: "0.1.0" },
        { name: "old", agent: "0.0.9\x1b[2J" },
        { name: "silent", agent: null },
      ],
    },
    gate: makeGate(),
    created,
    consoleText: "Linux version 6.12\n",
    openCopy: async () => Promise.reject(new Error("not faked")),
  };
  return fake;
}

function makeFakeVms(
  { clock, random }: Pick<System, "clock" | "random">,
  created: CreateRequest[],
  answers: () => Pick<FakeRooms, "consoleText" | "openCopy">,
): Vms {
  const vms = new Map<string, Vm>();
  const get = (ref: string): Vm => {
    const vm = vms.get(ref) ?? [...vms.values()].find(({ id }) => id === ref);
    if (vm !== undefined) return vm;
    throw new BangerError("not_found", "vm_not_found", `no vm is named \`${ref}\``, { hint: "banger ps" });
  };
  const move = (ref: string, state: Vm["state"]): Vm => {
    const old = get(ref);
    const vm: Vm = { ...old, state, ...(state === "stopped" ? { network: { ...old.network, mode: "none", address: null } } : {}) };
    vms.set(vm.name, vm);
    return vm;
  };
  const networks = new Map<string, number>();
  return {
    networks: {
      create: (name) => {
        networks.set(name, clock.nowMs());
        return { name, createdAt: clock.nowMs(), vms: [] };
      },
      list: () =>
        [...networks].map(([name, createdAt]) => ({
          name,
          createdAt,
          vms: [...vms.values()].flatMap((vm) => (vm.network.name === name ? [vm.name] : [])),
        })),
      delete: (name) => {
        if (!networks.delete(name))
          throw new BangerError("not_found", "network_not_found", `no network is named \`${name}\``, { hint: "banger network list" });
      },
    },
    async create(request, context) {
      created.push(request);
      const name = request.name ?? "brave-otter";
      if (vms.has(name))
        throw new BangerError("exists", "vm_exists", `cannot create vm \`${name}\`: there is one`, { hint: `banger rm ${name}` });
      await bootLike(request.image, clock, context, answers().consoleText);
      const state = request.start === false ? "stopped" : "running";
      const vm = vmOf(name, random.hex(6), state, request, clock.nowMs());
      const said = answers().consoleText;
      const hostile = { ...vm, problems: [said], kernel: said, accelerationReason: said, env: { SAID: said } };
      vms.set(name, request.image === "hostile" ? hostile : vm);
      return get(name);
    },
    duplicate: async (ref, { name, labels }) => {
      const vm: Vm = { ...get(ref), id: random.hex(6), name, labels: { ...labels }, state: "running" };
      vms.set(name, vm);
      return vm;
    },
    copyDisks: async (ref) => void get(ref),
    start: async (ref) => move(ref, "running"),
    stop: async (ref) => move(ref, "stopped"),
    kill: async (ref) => move(ref, "stopped"),
    pause: async (ref) => move(ref, "paused"),
    resume: async (ref) => move(ref, "running"),
    // As for a running guest that takes nothing at once.
    change: async (ref, { cpus, labels }) => {
      const old = get(ref);
      const kept = Object.entries({ ...old.labels, ...labels }).filter((entry): entry is [string, string] => entry[1] !== null);
      const pending = cpus === undefined ? old.pending : [{ what: "cpus" as const, now: String(old.cpus), next: String(cpus) }];
      vms.set(old.name, { ...old, cpus: cpus ?? old.cpus, labels: Object.fromEntries(kept), pending });
      return get(ref);
    },
    forward: async (ref, forward, what) => {
      const old = get(ref);
      const others = old.forwards.filter((other) => !isSamePlace(other, forward));
      vms.set(old.name, { ...old, forwards: what === "add" ? [...others, forward] : others });
      return get(ref);
    },
    rename: async (ref, name) => {
      const old = get(ref);
      vms.delete(old.name);
      vms.set(name, { ...old, name });
      return get(name);
    },
    delete: async (ref, { force }) => {
      if (get(ref).state === "running" && !force) {
        throw new BangerError("refused", "vm_running", `cannot delete vm \`${ref}\`: it runs`, { hint: `banger rm --force ${ref}` });
      }
      vms.delete(get(ref).name);
    },
    list: async (filters = []) => [...vms.values()].filter((vm) => isWanted(vm, filters)),
    get: async (ref) => get(ref),
    agentOf: async () => Promise.reject(new Error("not faked")),
    openExec: async (ref) => {
      if (get(ref).state === "running") return openFakeGuest();
      throw new BangerError("refused", "vm_not_running", `cannot exec in vm \`${ref}\`: it is stopped`, { hint: `banger start ${ref}` });
    },
    openCopy: async (ref, signal) => {
      if (get(ref).state === "running") return answers().openCopy(signal);
      throw new BangerError("refused", "vm_not_running", `cannot copy into vm \`${ref}\`: it is stopped`, { hint: `banger start ${ref}` });
    },
    dial: async (ref, port) => {
      if (get(ref).state === "running") return openFakePort(port);
      throw new BangerError("refused", "vm_not_running", `cannot connect to vm \`${ref}\`: it is stopped`, { hint: `banger start ${ref}` });
    },
    stats: async (ref) => {
      const asked = ref === undefined ? [...vms.values()].filter(({ state }) => state === "running") : [get(ref)];
      return asked.map((vm) => fakeStatsOf(vm, clock.monotonicMs()));
    },
    ports: async (ref) => {
      get(ref);
      return fakePorts(answers().consoleText);
    },
    ...fakeLogs(get, () => answers().consoleText),
    usersOf: (what, name) => [...vms.values()].filter((vm) => vm[what] === name).map((vm) => vm.name),
    reconcile: async () => undefined,
    close: async () => undefined,
  };
}

async function bootLike(
  image: string | undefined,
  clock: Pick<System["clock"], "sleep">,
  context: OperationContext,
  said: string,
): Promise<void> {
  await context.stage("disk", async (stage) => {
    stage.note(image?.startsWith("hostile") === true ? said : "from the pool");
    for (let done = 0; image === "noisy" && done <= 5000; done += 1) stage.progress(done, 5000, "bytes");
  });
  if (image === "broken") throw new BangerError("not_found", "image_not_found", "no image `broken`", { hint: "banger image pull broken" });
  await context.stage("boot", async () => {
    if (image !== "slow" && image !== "stubborn") return;
    await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    if (image === "stubborn") await clock.sleep(2000);
    throw context.signal.reason;
  });
  if (image === "hostile-broken") {
    throw new BangerError("unavailable", "vmm_gone", `cannot start: ${said}`, {
      hint: said,
      problems: [{ code: "x", path: said, message: said, hint: said }],
      data: { consoleTail: said.split("\n") },
    });
  }
  context.notice(image === "hostile" ? said : "no KVM here: QEMU emulates the CPU");
}

function vmOf(name: string, id: string, state: Vm["state"], request: CreateRequest, nowMs: number): Vm {
  const wished = {
    name: request.network ?? null,
    allowHost: [...(request.allowHost ?? [])],
    allowLan: [...(request.allowLan ?? [])],
  };
  return {
    id,
    name,
    state,
    problems: [],
    generation: 1,
    image: request.image ?? "debian-bookworm",
    kernel: request.kernel ?? "debian-6.12",
    driver: "fake",
    acceleration: "none",
    accelerationReason: "there is nothing to accelerate",
    cpus: request.cpus ?? 2,
    memoryMiB: (request.memoryBytes ?? 2 ** 30) / 2 ** 20,
    init: request.init === undefined || request.init === "auto" ? "agent" : request.init,
    disks: { layer: { bytes: 2 ** 30, allocatedBytes: 4096 }, work: null },
    network:
      state === "running" && request.nat === true
        ? { mode: "rootless", why: "you are not root, and need not be", address: "198.19.0.2/30", ...wished, nat: true }
        : { mode: "none", why: null, address: null, ...wished, nat: request.nat === true },
    forwards: [...(request.publish ?? [])],
    env: request.env ?? {},
    commands: fakeCommandsOf(request.image),
    pending: [],
    labels: request.labels ?? {},
    ephemeral: request.ephemeral ?? false,
    pid: state === "running" ? 1 : null,
    createdAt: nowMs,
    startedAt: state === "running" ? nowMs : null,
    stages: [
      { stage: "boot", elapsedMs: 1200 },
      { stage: "guest", elapsedMs: 30 },
    ],
    requirements: (request.requirements ?? []).map(({ name, kind, hint }) => ({
      name,
      kind,
      hint,
      state: "met",
      elapsedMs: 12,
      why: null,
    })),
  };
}
