/**
 * What the least possible tool would do: make two disks, start QEMU with exactly the arguments that our driver gives it, speak to
 * the agent, run one command. No daemon, no database, no supervision.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { once } from "node:events";
import net from "node:net";
import { join } from "node:path";
import type { Agent, GuestPlan } from "../src/agent/agent.ts";
import { makeOpenAgent } from "../src/agent/open-agent.ts";
import { runCommand } from "../src/agent/run-command.ts";
import { makeDebianArchive } from "../src/catalog/debian/debian-archive.ts";
import { makeBundles } from "../src/catalog/bundle/make-bundles.ts";
import { openFetcher } from "../src/catalog/fetch/open-fetcher.ts";
import { madeSources } from "../src/catalog/oci/made-sources.ts";
import { madeOffers } from "../src/catalog/offers/made-offers.ts";
import { placeAgent } from "../src/daemon/place-programs.ts";
import { DEFAULT_LAYER_BYTES, DEFAULT_WORK_BYTES } from "../src/disks/disks.ts";
import { makeDisks } from "../src/disks/make-disks.ts";
import { makeConsoles, type LaunchPlan } from "../src/drivers/drivers.ts";
import { qemuArguments } from "../src/drivers/qemu/arguments.ts";
import { makeQemuDriver } from "../src/drivers/qemu/qemu.ts";
import { readTscKHz } from "../src/drivers/read-tsc-khz.ts";
import { makeImages } from "../src/images/make-images.ts";
import { NO_BUILDING } from "../src/kernels/from-source/test-building.ts";
import { makeKernels } from "../src/kernels/make-kernels.ts";
import type { Leases } from "../src/operations/operations.ts";
import { makeJsonLog } from "../src/system/json-log.ts";
import { makeSystem } from "../src/system/make-system.ts";
import type { World } from "../test/support/world.ts";
import { timed } from "./measure.ts";

const MEMORY_MIB = 1024;
const NO_LEASES: Leases = { write: () => undefined, drop: () => undefined, dropAllOf: () => undefined, list: () => [] };

export interface BareGuests {
  /** Boots a guest as far as a tool must before it can run a command. One at a time. */
  open(image: string, kernel: string, options?: { readonly rawPort: boolean }): Promise<BareGuest>;
  /** Milliseconds from nothing to the exit of `true`. */
  firstCommand(image: string, kernel: string): Promise<number>;
}

export interface BareGuest extends AsyncDisposable {
  readonly agent: Agent;
  /** Where the other end of `/dev/virtio-ports`' `bench.raw` listens, when it was asked for: a port of the same kind as the agent's. */
  readonly rawSocketPath: string;
  /** Milliseconds from the first disk to the agent that is configured. */
  readonly bootMs: number;
}

export async function openBareGuests(world: World): Promise<BareGuests> {
  const system = makeSystem(world.environment, makeJsonLog(2));
  const signal = new AbortController().signal;
  const agentPath = await placeAgent(system);
  const stores = { system, archive: makeDebianArchive({ system }), offers: madeOffers(), leases: NO_LEASES };
  const bundles = makeBundles(system, openFetcher(system, { proxies: {}, advice: "" }), NO_LEASES);
  const kernels = makeKernels({ ...stores, agentPath, building: NO_BUILDING, bundles });
  const images = makeImages({
    ...stores,
    sources: madeSources(system),
    bundles,
    placeLayers: async () => "banger-layers",
    uid: process.getuid?.() ?? 0,
  });
  const disks = makeDisks({ system });
  const probe = await makeQemuDriver({ system, consoles: makeConsoles({ system, agentPath, maxBytes: 2 ** 24 }) }).probe(signal);
  if (!probe.usable) throw new Error(probe.reason);
  const tscKHz = await readTscKHz(system, agentPath, signal);
  const openAgent = makeOpenAgent(system);

  const open: BareGuests["open"] = async (image, kernel, { rawPort } = { rawPort: false }) => {
    const folder = join(world.folder, "bare");
    mkdirSync(folder);
    const parts = await images.parts(image);
    const boot = await kernels.bootSet(kernel);
    await disks.refill(signal);
    const plan: LaunchPlan = {
      vmId: system.random.hex(6),
      name: "bare",
      cpus: 1,
      memoryMiB: MEMORY_MIB,
      acceleration: probe.acceleration,
      kernelPath: boot.kernelPath,
      initrdPath: boot.initrdPath,
      needsAcpi: boot.needsAcpi,
      tscKHz: probe.acceleration === "tcg" ? tscKHz : undefined,
      disks: [
        { serial: "base", path: parts.basePath, readOnly: true },
        { serial: "layer", path: join(folder, "layer"), readOnly: false },
        { serial: "work", path: join(folder, "work"), readOnly: false },
      ],
      link: { kind: "none" },
      runFolder: folder,
      consoleLogPath: join(folder, "console.log"),
      vmmLogPath: join(folder, "vmm.log"),
    };
    const listening = ["qmp", "agent"].map((name) => system.sockets.listenForChild(join(folder, name)));
    const log = openSync(plan.vmmLogPath, "w");
    const rawSocketPath = join(folder, "raw");
    const port = [
      ...["-chardev", `socket,id=raw,path=${rawSocketPath},server=on,wait=off`, "-device", "virtio-serial-device,id=raws,max_ports=2"],
      ...["-device", "virtserialport,bus=raws.0,chardev=raw,name=bench.raw"],
    ];
    // Bare: what the guest says goes straight into a file.
    const [program = "", ...words] = [...qemuArguments(plan), ...(rawPort ? port : [])].map((word) =>
      word.startsWith("pipe,id=console,") ? `file,id=console,append=on,path=${plan.consoleLogPath}` : word,
    );
    const guestPlan: GuestPlan = {
      hostname: "bare",
      init: "agent",
      time: { unixMs: Date.now() },
      entropy: system.random.hex(32),
      root: { base: { serial: "base", format: parts.baseFormat }, layer: { serial: "layer" } },
      work: { serial: "work", mount: "/root", fill: false },
      network: null,
      env: {},
      peers: [],
      commands: { image: "bare", user: null, cwd: null },
    };

    const started = performance.now();
    await disks.openLayer(join(folder, "layer"), DEFAULT_LAYER_BYTES, signal);
    await disks.openWorkDisk(join(folder, "work"), parts.workSeedPath, DEFAULT_WORK_BYTES, signal);
    const qemu = spawn(program, words, { stdio: ["ignore", log, log, ...listening.map(({ descriptor }) => descriptor)] });
    const gone = once(qemu, "exit");
    closeSync(log);
    for (const socket of listening) socket.close();
    const agent = await openAgent({ connect: async () => net.connect(join(folder, "agent")), deadlineMs: 180_000, signal });
    await agent.configure(guestPlan, signal);
    return {
      agent,
      rawSocketPath,
      bootMs: performance.now() - started,
      [Symbol.asyncDispose]: async () => {
        await agent[Symbol.asyncDispose]();
        qemu.kill("SIGKILL");
        await gone;
        rmSync(folder, { recursive: true });
      },
    };
  };

  return {
    open,
    firstCommand: async (image, kernel) => {
      await using guest = await open(image, kernel);
      const commandMs = await timed(async () => {
        const { exit } = await runCommand(await guest.agent.openExec(signal), { argv: ["true"], env: {} });
        if (!("code" in exit) || exit.code !== 0) throw new Error("the command failed");
      });
      return guest.bootMs + commandMs;
    },
  };
}
