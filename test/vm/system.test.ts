/** What banger tells of itself, and what it removes, with a guest that runs: by the built binary. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DoctorReport } from "../../src/contract/schemas/finding.ts";
import { openServiceManager } from "../cli/service-manager.ts";
import { copyGoods } from "../support/copy-goods.ts";
import { openGoods } from "../support/goods.ts";
import { killDaemon } from "../support/kill-daemon.ts";
import { until } from "../support/until.ts";
import { BANGER, withWorld, type World } from "../support/world.ts";

setDefaultTimeout(300_000);

const MIB = 2 ** 20;

interface Use {
  readonly kind: string;
  readonly count: number;
  readonly usedBytes: number;
  readonly reclaimableBytes: number;
}

async function examine(world: World, ...flags: readonly string[]): Promise<DoctorReport> {
  return JSON.parse((await world.banger(["doctor", "--json", ...flags])).stdout) as DoctorReport;
}

test("a vm lives through doctor, prune and a daemon that systemd starts", async () => {
  const goods = await openGoods();
  await withWorld({ isolatedGoods: true }, async (world) => {
    copyGoods(world, [
      ["images", goods.image],
      ["images", goods.image, "spare"],
      ["kernels", goods.kernel],
      ["kernels", goods.kernel, "spare-kernel"],
    ]);
    await world.ok(["vm", "create", "dev", "--kernel", goods.kernel]);
    const isHere = async (): Promise<void> => expect(await world.ok(["exec", "dev", "--", "echo", "here"])).toBe("here\n");
    const { id } = await world.json<{ id: string }>(["vm", "show", "dev"]);

    const versions = await world.json<{ agent: string; daemon: { pid: number } }>(["version", "--all"]);
    expect(versions).toMatchObject({ drivers: [{ name: "qemu" }], vms: [{ name: "dev", agent: versions.agent }] });
    expect(versions.daemon.pid).toBe(world.daemonPid() ?? 0);
    const uses = new Map((await world.json<{ uses: Use[] }>(["system", "df"])).uses.map((use) => [use.kind, use]));
    expect(uses.get("vm layer")).toMatchObject({ count: 1, reclaimableBytes: 0 });
    expect(uses.get("vm layer")?.usedBytes).toBeGreaterThan(0);
    expect(uses.get("kernel")).toMatchObject({ count: 2 });
    expect(uses.get("initrd")?.count).toBeGreaterThan(0);

    // What a guest removes it gives back.
    const usedBytes = async (kind: string): Promise<number> =>
      (await world.json<{ uses: Use[] }>(["system", "df"])).uses.find((use) => use.kind === kind)?.usedBytes ?? 0;
    const sh = (script: string): Promise<string> => world.ok(["exec", "dev", "--", "sh", "-c", script]);
    const before = await usedBytes("vm layer");
    await sh("head -c 64M /dev/urandom > /var/large && sync");
    expect((await usedBytes("vm layer")) - before).toBeGreaterThan(60 * MIB);
    await sh("rm /var/large && sync");
    await until("the space is given back", async () => (await usedBytes("vm layer")) - before < 16 * MIB);

    // What the vm runs from stays.
    const pruned = await world.json<{ items: { kind: string; name: string; kept: string | null }[] }>([
      ...["system", "prune", "--yes", "--images", "--kernels", "--vms", "--older-than", "1ms"],
    ]);
    expect(pruned.items.filter(({ kept }) => kept !== null)).toEqual([]);
    const goodsGone = pruned.items
      .filter(({ kind }) => ["image", "kernel", "vm"].includes(kind))
      .map(({ kind, name }) => `${kind} ${name}`);
    expect(goodsGone.toSorted()).toEqual(["image spare", "kernel spare-kernel"]);
    expect(readdirSync(join(world.folder, "data/banger/kernels"))).toEqual([goods.kernel]);
    await isHere();

    // A dead daemon is no reason to take a running vm for a leftover.
    const stray = join(world.folder, "run/banger/v/00000000000f");
    mkdirSync(stray);
    writeFileSync(join(stray, "qmp.sock"), "");
    await killDaemon(world);
    const alone = await examine(world, "--deep");
    expect(alone.findings.find(({ name }) => name === "daemon")).toMatchObject({ status: "not used" });
    expect(alone.findings.find(({ name }) => name === "qemu")).toMatchObject({ status: "fine" });
    expect(alone.findings.find(({ name }) => name === "images")).toMatchObject({ status: "fine", detail: "1 read whole" });
    expect(alone.leftovers).toMatchObject([{ kind: "run folder", what: stray, removed: false }]);
    expect(existsSync(stray)).toBe(true);

    // As systemd starts it: the vm is found again, and runs on when the service is stopped.
    const socketPath = join(world.folder, "run/banger/banger.sock");
    {
      using manager = openServiceManager(socketPath, `@banger-test-${id}`);
      const service = manager.start([BANGER, "daemon", "run"], world.environment);
      expect(manager.hear()).toBe("READY=1");
      await isHere();
      mkdirSync(join(world.folder, "state/banger/vms/00000000000e"));
      expect(await world.ok(["system", "df"])).toContain("\n1 leftover is held by nothing; see them: banger doctor");
      const fixed = await examine(world, "--fix");
      expect(fixed.leftovers.every(({ removed }) => removed)).toBe(true);
      expect(existsSync(stray)).toBe(false);
      await isHere();
      service.kill("SIGTERM");
      expect(manager.hear()).toBe("STOPPING=1");
      expect(await service.exited).toBe(0);
    }
    await isHere();
  });
});
