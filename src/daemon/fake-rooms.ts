/** Rooms for tests: vms in memory, a real operations engine over a database in memory. */
import { BangerError } from "../contract/errors.ts";
import type { Vm } from "../contract/schemas/vm.ts";
import type { StoredImage } from "../images/images.ts";
import type { StoredKernel } from "../kernels/kernels.ts";
import { makeOperations } from "../operations/make-operations.ts";
import { OPERATIONS_MIGRATIONS } from "../operations/operations-rows.ts";
import type { OperationContext } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import type { CreateRequest, Vms } from "../vms/vms.ts";
import { openFakeGuest } from "./fake-guest.ts";
import type { Rooms } from "./rooms.ts";

export interface FakeRooms extends Rooms {
  /** The requests to create that arrived. */
  readonly created: CreateRequest[];
  /** What `vm logs` shows of every vm; and what everybody says of the image `hostile`, and of `hostile-broken`, which fails. */
  consoleText: string;
}

/** The image `slow` takes until it is cancelled, `stubborn` a while longer; `broken` fails; `noisy` tells much. */
export function makeFakeRooms(system: Pick<System, "clock" | "random" | "log" | "databases">): FakeRooms {
  const operations = makeOperations(system.databases.open(":memory:", OPERATIONS_MIGRATIONS), system);
  const created: CreateRequest[] = [];
  const fake: FakeRooms = {
    vms: makeFakeVms(system, created, () => fake.consoleText),
    kernels: makeFakeKernels(),
    images: makeFakeImages(),
    operations,
    created,
    consoleText: "Linux version 6.12\n",
  };
  return fake;
}

function makeFakeVms({ clock, random }: Pick<System, "clock" | "random">, created: CreateRequest[], consoleText: () => string): Vms {
  const vms = new Map<string, Vm>();
  const get = (ref: string): Vm => {
    const vm = vms.get(ref) ?? [...vms.values()].find(({ id }) => id === ref);
    if (vm !== undefined) return vm;
    throw new BangerError("not_found", "vm_not_found", `no vm is named \`${ref}\``, { hint: "banger ps" });
  };
  const move = (ref: string, state: Vm["state"]): Vm => {
    const vm = { ...get(ref), state };
    vms.set(vm.name, vm);
    return vm;
  };
  return {
    async create(request, context) {
      created.push(request);
      const name = request.name ?? "brave-otter";
      if (vms.has(name))
        throw new BangerError("exists", "vm_exists", `cannot create vm \`${name}\`: there is one`, { hint: `banger rm ${name}` });
      await bootLike(request.image, clock, context, consoleText());
      const state = request.start === false ? "stopped" : "running";
      const vm = vmOf(name, random.hex(6), state, request, clock.nowMs());
      const said = consoleText();
      const hostile = { ...vm, problems: [said], kernel: said, accelerationReason: said, env: { SAID: said } };
      vms.set(name, request.image === "hostile" ? hostile : vm);
      return get(name);
    },
    start: async (ref) => move(ref, "running"),
    stop: async (ref) => move(ref, "stopped"),
    kill: async (ref) => move(ref, "stopped"),
    delete: async (ref, { force }) => {
      if (get(ref).state === "running" && !force) {
        throw new BangerError("refused", "vm_running", `cannot delete vm \`${ref}\`: it runs`, { hint: `banger rm --force ${ref}` });
      }
      vms.delete(get(ref).name);
    },
    list: async () => [...vms.values()],
    get: async (ref) => get(ref),
    agentOf: async () => Promise.reject(new Error("not faked")),
    openExec: async (ref) => {
      if (get(ref).state === "running") return openFakeGuest();
      throw new BangerError("refused", "vm_not_running", `cannot exec in vm \`${ref}\`: it is stopped`, { hint: `banger start ${ref}` });
    },
    readConsole: async (ref) => {
      get(ref);
      return { text: consoleText(), endOffset: Buffer.byteLength(consoleText()) };
    },
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
    init: "agent",
    disks: { layer: { bytes: 2 ** 30, allocatedBytes: 4096 }, work: null },
    network: { mode: "none", address: null },
    env: request.env ?? {},
    ephemeral: request.ephemeral ?? false,
    pid: state === "running" ? 1 : null,
    createdAt: nowMs,
    startedAt: state === "running" ? nowMs : null,
    stages: [],
  };
}

function makeFakeKernels(): Rooms["kernels"] {
  const kernels = new Map<string, StoredKernel>();
  const keep = async (name: string, source: string): Promise<StoredKernel> => {
    const kernel = {
      name,
      source,
      distro: "debian",
      arch: "amd64",
      version: "6.12",
      sha256: "00",
      bytes: 1000,
      modules: [],
      createdAt: 0,
      problems: [],
    };
    kernels.set(name, kernel);
    return kernel;
  };
  return {
    pull: (_name, as) => keep(as, "debian-archive"),
    import: (name) => keep(name, "import"),
    list: async () => [...kernels.values()],
    get: async (name) => kernels.get(name) ?? missing("kernel", name),
    delete: async (name) => void (kernels.delete(name) || missing("kernel", name)),
    bootSet: async () => Promise.reject(new Error("not faked")),
    reconcile: async () => undefined,
  };
}

function makeFakeImages(): Rooms["images"] {
  const images = new Map<string, StoredImage>();
  return {
    pull: async (_name, as) => {
      const image = {
        name: as,
        source: "debian-archive",
        distro: "debian",
        arch: "amd64",
        kernelRef: null,
        init: "agent",
        sha256: "00",
        bytes: 1000,
        hasWorkSeed: true,
        createdAt: 0,
        problems: [],
      } as const;
      const stored = { ...image, problems: [] };
      images.set(as, stored);
      return stored;
    },
    list: async () => [...images.values()],
    get: async (name) => images.get(name) ?? missing("image", name),
    parts: async () => Promise.reject(new Error("not faked")),
    delete: async (name) => void (images.delete(name) || missing("image", name)),
    reconcile: async () => undefined,
  };
}

function missing(what: "kernel" | "image", name: string): never {
  throw new BangerError("not_found", `${what}_not_found`, `no ${what} is named \`${name}\``, { hint: `banger ${what} pull ${name}` });
}
