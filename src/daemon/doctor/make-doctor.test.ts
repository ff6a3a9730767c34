import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { VmState } from "../../contract/schemas/vm.ts";
import type { Lease } from "../../operations/operations.ts";
import type { Log } from "../../system/log.ts";
import { makeSystem } from "../../system/make-system.ts";
import type { System } from "../../system/system.ts";
import { makeFakeRooms } from "../fake-rooms.ts";
import { makeGate } from "../storage/gate.ts";
import type { DoctorParts } from "./doctor.ts";
import { makeDoctor } from "./make-doctor.ts";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const RUNNING = "aaaaaaaaaaaa";
const STOPPED = "bbbbbbbbbbbb";
const GONE = "cccccccccccc";
const context = {
  signal: new AbortController().signal,
  stage: <T>(_name: string, body: (stage: { progress: () => void; note: () => void }) => Promise<T>): Promise<T> =>
    body({ progress: () => undefined, note: () => undefined }),
};
let home: string;
let system: System;
let children: Bun.Subprocess[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "banger-doctor-"));
  system = makeSystem({ BANGER_HOME: home, PATH: process.env["PATH"] }, silent);
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(({ exited }) => exited));
  children = [];
  rmSync(home, { recursive: true });
});

function makeWorld(more: Partial<DoctorParts> = {}) {
  const leases: Lease[] = [];
  const states: [string, VmState][] = [
    [RUNNING, "running"],
    [STOPPED, "stopped"],
  ];
  const { images, kernels } = makeFakeRooms(system);
  const drop = (kind: Lease["kind"], key: string): void => {
    leases.splice(0, leases.length, ...leases.filter((lease) => lease.kind !== kind || lease.key !== key));
  };
  const gate = makeGate();
  const parts: DoctorParts = {
    system,
    uid: process.getuid?.() ?? 0,
    config: undefined,
    probes: [],
    drivers: [
      {
        name: "some",
        probe: async () => ({ usable: true, acceleration: "kvm", reason: "it works", version: "1" }),
        findStrays: () => [RUNNING, STOPPED, GONE].map((vmId) => ({ vmId })),
      } as unknown as DoctorParts["drivers"][number],
    ],
    network: { findServants: () => [] },
    images,
    kernels,
    holders: async () => ({ vms: new Map(states), leases: [...leases], runningOperations: new Set(["00000000000000aa"]) }),
    remover: {
      leases: { drop },
      gate,
      // Of a whole room there is one such folder.
      reconcileBuilds: () => system.files.removeTree(join(system.layout.buildah, "0123456789abcdef")),
    },
    ...more,
  };
  const leftovers = async (fix = false) => (await makeDoctor(parts).run({ deep: false, fix }, context)).leftovers;
  return { parts, leases, leftovers, gate };
}

/** A process that carries the marks of a vm, of this home or another. */
function startMarked(vmId: string, state = system.layout.roots.state): Bun.Subprocess {
  const child = Bun.spawn(["sh", "-c", "read _", "sh", join(state, "vms", vmId, `banger-${vmId}.log`)], { stdin: "pipe" });
  children.push(child);
  return child;
}

function put(path: string, minutesAgo = 0): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "x");
  const seconds = Date.now() / 1000 - minutesAgo * 60;
  utimesSync(path, seconds, seconds);
  return path;
}

describe("leftovers", () => {
  test("are what serves the network of vms when neither a vm nor a daemon needs it", async () => {
    const identity = { pid: 7, startTicks: 1, bootId: "b" };
    const network = { findServants: () => [identity] };
    const told = async (more: Partial<DoctorParts>): Promise<readonly string[]> =>
      (await makeWorld({ network, drivers: [], ...more }).leftovers()).flatMap(({ kind, what }) => (kind === "process" ? [what] : []));
    const holders = (state: VmState) => async () => ({
      vms: new Map([[RUNNING, state]]),
      leases: [],
      runningOperations: new Set<string>(),
    });
    expect(await told({ remover: undefined, holders: holders("stopped") })).toEqual(["7"]);
    expect(await told({ remover: undefined, holders: holders("running") })).toEqual([]);
    // For the next vm.
    expect(await told({ holders: holders("stopped") })).toEqual([]);
  });

  test("are found by looking at processes, folders and files, and by leases; what is held is left alone", async () => {
    const { leases, leftovers } = makeWorld();
    const { layout } = system;
    const strays = [STOPPED, GONE].map((vmId) => startMarked(vmId));
    startMarked(RUNNING);
    startMarked(GONE, "/another/home/state");
    for (const vmId of [RUNNING, STOPPED, GONE]) put(join(layout.vmRunFolder(vmId), "x.sock"));
    for (const vmId of [RUNNING, STOPPED, GONE]) put(join(layout.vmFolder(vmId), "layer.ext4"));
    put(join(layout.images, ".draft-1", "base"));
    put(join(layout.images, ".draft-held", "base"));
    put(join(layout.images, "whole", "manifest.json"));
    put(join(layout.builds, ".draft-1", "layer.ext4"));
    put(join(layout.builds, "a".repeat(64), "layer.ext4"));
    put(join(layout.buildah, "0123456789abcdef", "root"));
    put(join(layout.buildah, "fedcba9876543210", "root"));
    put(join(layout.downloads, ".verify-old"), 60);
    put(join(layout.downloads, ".verify-new"));
    put(join(layout.roots.cache, `host-facts.json.${2 ** 22 + 1}-0123456789ab.new`));
    put(join(layout.roots.cache, `host-facts.json.${process.pid}-0123456789ab.new`));
    const lease = (kind: Lease["kind"], key: string, vmId?: string, operationId?: string): number =>
      leases.push({ kind, key, vmId, operationId });
    lease("store-folder", join(layout.images, ".draft-held"), undefined, "00000000000000aa");
    lease("store-folder", join(layout.images, ".draft-0"), undefined, "00000000000000bb");
    lease("dockerfile", join(layout.buildah, "fedcba9876543210"), undefined, "00000000000000aa");
    lease("vm-folder", layout.vmFolder(STOPPED), STOPPED);
    lease("vm-run-folder", layout.vmRunFolder(RUNNING), RUNNING);
    lease("vm-run-folder", layout.vmRunFolder(STOPPED), STOPPED);
    lease("blank", join(layout.blanks, ".draft-2"));

    const wanted = [
      ...strays.map(({ pid }) => `process ${pid}`),
      `run folder ${layout.vmRunFolder(STOPPED)}`,
      `run folder ${layout.vmRunFolder(GONE)}`,
      `vm folder ${layout.vmFolder(GONE)}`,
      `half a file ${join(layout.images, ".draft-1")}`,
      `half a file ${join(layout.builds, ".draft-1")}`,
      `half a file ${join(layout.buildah, "0123456789abcdef")}`,
      `half a file ${join(layout.downloads, ".verify-old")}`,
      `half a file ${join(layout.roots.cache, `host-facts.json.${2 ** 22 + 1}-0123456789ab.new`)}`,
      `lease store-folder ${join(layout.images, ".draft-0")}`,
      `lease vm-run-folder ${layout.vmRunFolder(STOPPED)}`,
    ].toSorted();
    const found = await leftovers();
    expect(found.map(({ kind, what }) => `${kind} ${what}`).toSorted()).toEqual(wanted);
    expect(found.every(({ removed }) => !removed)).toBe(true);
    expect(existsSync(layout.vmFolder(GONE))).toBe(true);

    const fixed = await leftovers(true);
    expect(fixed.map(({ kind, what }) => `${kind} ${what}`).toSorted()).toEqual(wanted);
    expect(fixed.every(({ removed }) => removed)).toBe(true);
    expect(await leftovers()).toEqual([]);
    expect(await Promise.all(strays.map(({ exited }) => exited))).toEqual([137, 137]);
    expect(children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)).toHaveLength(2);
    expect(existsSync(join(layout.vmFolder(STOPPED), "layer.ext4"))).toBe(true);
    expect(existsSync(join(layout.vmRunFolder(RUNNING), "x.sock"))).toBe(true);
    expect(existsSync(join(layout.buildah, "fedcba9876543210"))).toBe(true);
    expect(leases).toHaveLength(5);
  });

  test("are not removed while a vm is being made, which may be who will hold them", async () => {
    const { leftovers, gate } = makeWorld();
    put(join(system.layout.vmFolder(GONE), "layer.ext4"));
    const creating = Promise.withResolvers<void>();
    const work = gate.share(() => creating.promise);
    expect(await leftovers(true)).toMatchObject([{ removed: false }]);
    creating.resolve();
    await work;
    expect(await leftovers(true)).toMatchObject([{ removed: true }]);
  });

  test("are believed only when they are found twice", async () => {
    let asked = 0;
    const vms = (): ReadonlyMap<string, VmState> => new Map((asked += 1) === 1 ? [] : [[GONE, "starting"]]);
    const { leftovers } = makeWorld({ holders: async () => ({ vms: vms(), leases: [], runningOperations: new Set() }) });
    put(join(system.layout.vmRunFolder(GONE), "x.sock"));
    expect(await leftovers(true)).toEqual([]);
    expect(existsSync(system.layout.vmRunFolder(GONE))).toBe(true);
  });

  test("where no daemon runs nothing is removed", async () => {
    const { leftovers } = makeWorld({ remover: undefined });
    put(join(system.layout.vmFolder(GONE), "layer.ext4"));
    expect(await leftovers(true)).toMatchObject([{ kind: "vm folder", removed: false }]);
    expect(existsSync(system.layout.vmFolder(GONE))).toBe(true);
  });
});

describe("findings", () => {
  const findings = async (more: Partial<DoctorParts> = {}, deep = false) =>
    new Map(
      (await makeDoctor(makeWorld(more).parts).run({ deep, fix: false }, context)).findings.map(({ name, ...finding }) => [name, finding]),
    );

  test("of a home that is not there yet are none to worry about", async () => {
    const { findings: found } = await makeDoctor(makeWorld().parts).run({ deep: false, fix: false }, context);
    // A small computer may lack these.
    const missing = found.filter(({ name, status }) => status === "missing" && !["memory", "disk space"].includes(name));
    expect(missing).toEqual([]);
  });

  test("of a config, a folder and a database that are wrong say what to type", async () => {
    put(system.layout.configFile);
    mkdirSync(system.layout.roots.run, { mode: 0o755 });
    put(system.layout.database);
    writeFileSync(system.layout.database, "no database ".repeat(100));
    const found = await findings();
    expect(found.get("config")).toMatchObject({ status: "missing", hint: `edit ${system.layout.configFile}` });
    expect(found.get("run folder")).toMatchObject({ status: "missing", hint: `chmod 700 ${system.layout.roots.run}` });
    expect(found.get("database")).toMatchObject({ status: "missing" });
  });

  test("of a database that is whole is that it is", async () => {
    mkdirSync(system.layout.roots.state, { recursive: true, mode: 0o700 });
    system.databases.open(system.layout.database, [])[Symbol.dispose]();
    expect((await findings()).get("database")).toMatchObject({ status: "fine" });
  });

  test("of a damaged database is what its check said", async () => {
    mkdirSync(system.layout.roots.state, { recursive: true, mode: 0o700 });
    const migration = { number: 1, name: "t", sql: "CREATE TABLE t (a TEXT); CREATE INDEX i ON t (a)" };
    {
      using database = system.databases.open(system.layout.database, [migration]);
      database.transaction(() => {
        for (let row = 0; row < 500; row += 1) database.run("INSERT INTO t VALUES (?)", `${row}`.repeat(20));
      });
      database.all("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    const bytes = Buffer.from(await Bun.file(system.layout.database).arrayBuffer());
    bytes.fill(0xff, 4096 * 3, 4096 * 4);
    await Bun.write(system.layout.database, bytes);
    expect((await findings()).get("database")).toMatchObject({ status: "missing", detail: expect.stringContaining("damaged") });
  });

  test("of goods name those that are broken; a deep look reads them", async () => {
    const images = {
      list: async () => [
        { name: "a", problems: [] },
        { name: "b", problems: ["its base.squashfs is missing"] },
      ],
      verify: async (name: string) => (name === "a" ? ["its base.squashfs was changed"] : ["its base.squashfs is missing"]),
    } as unknown as DoctorParts["images"];
    const shallow = await findings({ images });
    expect(shallow.get("images")).toMatchObject({ status: "fine", detail: "1 with their manifests and sizes" });
    expect(shallow.get("image b")).toMatchObject({ status: "missing", hint: "banger image delete b, then get it again" });
    const deep = await findings({ images }, true);
    expect(deep.get("images")).toBeUndefined();
    expect(deep.get("image a")).toMatchObject({ status: "missing", detail: "its base.squashfs was changed" });
  });

  test("of emulation is missing only where something can be done about it", async () => {
    const driver = (hint?: string) =>
      ({
        name: "qemu",
        findStrays: () => [],
        probe: async () => ({ usable: true, acceleration: "tcg", reason: "why", version: "7.2", ...(hint === undefined ? {} : { hint }) }),
      }) as unknown as DoctorParts["drivers"][number];
    expect((await findings({ drivers: [driver()] })).get("kvm")).toEqual({ status: "not used", detail: "why", hint: null });
    expect((await findings({ drivers: [driver("do this")] })).get("kvm")).toEqual({ status: "missing", detail: "why", hint: "do this" });
  });
});
