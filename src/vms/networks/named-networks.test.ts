import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { BangerError } from "../../contract/errors.ts";
import { makeVms } from "../make-vms.ts";
import { BOOT_ID, settle, until } from "../test-clock.ts";
import { makeContext, openTestWorld, type TestWorld } from "../test-world.ts";
import type { Vms } from "../vms.ts";

let world: TestWorld;
let vms: Vms;
beforeEach(() => {
  world = openTestWorld();
  world.behaviour.linkMode = "rootless";
  vms = makeVms(world.dependencies);
});
afterEach(async () => {
  await vms.close();
  world[Symbol.dispose]();
});
const context = makeContext();
/** Whom the guest of the vm that was started as the n-th knows. */
const known = (started: number): readonly string[] =>
  world.agents[started]?.peers?.map(({ address, names }) => `${address} ${names.join(" ")}`) ?? ["it was told nothing"];

describe("networks", () => {
  test("are made once, listed by name with their vms, and deleted when no vm is in them", async () => {
    vms.networks.create("shop");
    vms.networks.create("lab");
    expect(() => vms.networks.create("shop")).toThrow(expect.objectContaining({ code: "network_exists" }));
    await vms.create({ name: "web", network: "shop", start: false }, context);
    await vms.create({ name: "db", network: "shop" }, context);
    expect(vms.networks.list()).toMatchObject([
      { name: "lab", vms: [] },
      { name: "shop", vms: ["db", "web"] },
    ]);
    expect(() => vms.networks.delete("shop")).toThrow(
      expect.objectContaining({ code: "network_in_use", message: expect.stringContaining("vm db and 1 more are in it") }),
    );
    vms.networks.delete("lab");
    expect(() => vms.networks.delete("lab")).toThrow(expect.objectContaining({ code: "network_not_found" }));
    await vms.delete("web", { force: true }, context);
    await vms.change("db", { network: null }, context);
    vms.networks.delete("shop");
    expect(vms.networks.list()).toEqual([]);
  });

  test("that are not there are refused before anything is made or changed", async () => {
    await expect(vms.create({ name: "web", network: "shop" }, context)).rejects.toMatchObject({
      code: "network_not_found",
      hint: "banger network create shop",
    });
    expect(await vms.list()).toEqual([]);
    await vms.create({ name: "web" }, context);
    await expect(vms.change("web", { network: "shop" }, context)).rejects.toMatchObject({ code: "network_not_found" });
    expect(await vms.get("web")).toMatchObject({ network: { name: null }, pending: [] });
  });

  test("are never one that an earlier network was to the rules", () => {
    const first = world.dependencies.networks.insert("shop", 1).number;
    vms.networks.delete("shop");
    expect(world.dependencies.networks.insert("shop", 1).number).toBeGreaterThan(first);
  });
});

describe("guests of a network", () => {
  beforeEach(() => void vms.networks.create("shop"));

  test("know each other as soon as one of them is told to run, and forget who has stopped", async () => {
    await vms.create({ name: "web", network: "shop" }, context);
    expect(known(0)).toEqual([]);
    await vms.create({ name: "db", network: "shop" }, context);
    expect(known(0)).toEqual(["198.19.0.6 db db.shop"]);
    expect(known(1)).toEqual(["198.19.0.2 web web.shop"]);
    await vms.create({ name: "alone", nat: true }, context);
    expect(known(2)).toEqual([]);
    await vms.stop("db", 0, context);
    await until("web to forget db", () => known(0).length === 0);
    await vms.start("db", context);
    expect(known(0)).toEqual(["198.19.0.14 db db.shop"]);
  });

  test("are told of another name, and of who comes and goes while it runs", async () => {
    await vms.create({ name: "web", network: "shop" }, context);
    await vms.create({ name: "db", nat: true }, context);
    expect(known(0)).toEqual([]);
    await vms.change("db", { network: "shop" }, context);
    expect(known(0)).toEqual(["198.19.0.6 db db.shop"]);
    expect(known(1)).toEqual(["198.19.0.2 web web.shop"]);
    await vms.rename("db", "store", context);
    await until("web to know the name", () => known(0).join() === "198.19.0.6 store store.shop");
    expect(await vms.change("store", { network: null }, context)).toMatchObject({ network: { name: null }, pending: [] });
    expect([known(0), known(1)]).toEqual([[], []]);
  });

  test("that have no card get one at their next start", async () => {
    world.behaviour.linkMode = "none";
    await vms.create({ name: "web" }, context);
    expect(await vms.change("web", { network: "shop" }, context)).toMatchObject({
      network: { name: "shop" },
      pending: [{ what: "network", now: "none", next: "shop" }],
    });
  });

  test("that stand still are told when they go on", async () => {
    await vms.create({ name: "web", network: "shop" }, context);
    await vms.pause("web", context);
    await vms.create({ name: "db", network: "shop" }, context);
    expect(known(0)).toEqual([]);
    await vms.resume("web", context);
    expect(known(0)).toEqual(["198.19.0.6 db db.shop"]);
  });

  test("that could not be told are told when their agents can be reached again", async () => {
    await vms.create({ name: "web", network: "shop" }, context);
    await vms.create({ name: "db", network: "shop" }, context);
    let isStrange = true;
    const strange = new BangerError("unsupported", "agent_protocol_mismatch", "it speaks another protocol");
    world.behaviour.openAgent = (agent) => (isStrange ? Promise.reject(strange) : Promise.resolve(agent));
    world.clock.advance(5_000);
    world.agents[0]?.end("the stream ended");
    await until("the daemon to try again", () => world.agents.length === 3);
    await vms.stop("db", 0, context);
    await settle();
    isStrange = false;
    world.clock.advance(10_000);
    await until("another connection", () => world.agents.length === 4);
    await until("web to forget db", () => known(3).length === 0);
  });

  describe("that ran on without a daemon", () => {
    /** As a daemon left it that died. */
    const left = (id: string, name: string, pid: number, now: string | null, wanted: string | null): void => {
      const vmm = {
        driver: "fake",
        vmId: id,
        identity: { pid, startTicks: 1, bootId: BOOT_ID },
        runFolder: world.system.layout.vmRunFolder(id),
      };
      const given = { name, cpus: 1, memoryMiB: 128, layerBytes: 2 ** 30, workBytes: 2 ** 30, env: {}, network: now };
      const of = {
        acceleration: "none",
        accelerationReason: "",
        networkMode: "rootless",
        networkWhy: "",
        startedAt: 1,
        stages: [],
      } as const;
      world.insert({
        id,
        name,
        state: "running",
        plan: { network: wanted },
        boot: { ...of, vmm, address: `198.19.0.${pid}/30`, given, requirements: [], stages: [] },
      });
      world.alive.add(pid);
    };

    test("forget who ended meanwhile", async () => {
      left("000000000001", "web", 2, "shop", "shop");
      left("000000000002", "db", 6, "shop", "shop");
      world.alive.delete(6);
      await vms.reconcile();
      await until("web to forget db", () => known(0).length === 0);
    });

    test("are told who is there still", async () => {
      left("000000000001", "web", 2, "shop", "shop");
      left("000000000002", "db", 6, "shop", "shop");
      await vms.reconcile();
      await until("web to know db", () => known(0).join() === "198.19.0.6 db db.shop");
      await until("db to know web", () => known(1).join() === "198.19.0.2 web web.shop");
    });

    test("forget the network that they were taken out of when the daemon died", async () => {
      left("000000000001", "web", 2, "shop", null);
      left("000000000002", "db", 6, "shop", "shop");
      await vms.reconcile();
      await until("web to know nobody", () => known(0).length === 0);
      expect(await vms.get("web")).toMatchObject({ network: { name: null }, pending: [] });
    });
  });
});
