/**
 * Disks that were damaged become images, are refused, or harm the guest that boots from them: never this computer, and no other guest.
 * A sample; 200 with BANGER_TEST_FULL.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { copyGoods } from "../support/copy-goods.ts";
import { corrupt } from "../support/corrupt.ts";
import { openGoods } from "../support/goods.ts";
import { makeFileSystem, makeRoot, run } from "../support/made-disks.ts";
import { isFull, makeChance, memoryOf, SEED } from "../support/seeded.ts";
import { withWorld, type World } from "../support/world.ts";

const WANTED = isFull ? 200 : 6;
/** For each that boots some are refused. */
const MOST_TRIES = WANTED * 20;
const BOOT_MS = 60_000;
const EXEC_MS = 20_000;
const GROWTH_BYTES = 128 * 2 ** 20;

setDefaultTimeout(WANTED * (BOOT_MS + 30_000) + 300_000);

/** Reads all that can be read. */
const READ_ALL = "ls -lR / | tail -n 3; for each in /bin/* /srv/* /etc/*; do cat $each > /dev/null; done; echo over";

function makeBases(world: World): readonly string[] {
  const root = makeRoot(join(world.folder, "root"));
  const at = (name: string): string => join(world.folder, name);
  run(["mke2fs", "-q", "-F", "-t", "ext4", "-O", "^metadata_csum", "-d", root, at("unsummed.ext4"), "16M"]);
  return [
    makeFileSystem("ext4", root, at("root.ext4")),
    at("unsummed.ext4"),
    makeFileSystem("squashfs", root, at("root.squashfs")),
    makeFileSystem("erofs", root, at("root.erofs")),
  ];
}

test(`damaged bases harm nobody but the guest (seed ${SEED})`, async () => {
  const { kernel } = await openGoods();
  const chance = makeChance();
  await withWorld({ isolatedGoods: true, config: '[defaults]\nboot_deadline = "30s"\n' }, async (world) => {
    copyGoods(world, [["kernels", kernel]]);
    const bases = makeBases(world);
    const register = (name: string, from: string) => world.banger(["image", "register", name, "--from", from, "--kernel-ref", kernel]);
    expect((await register("well", bases[0] ?? "")).code).toBe(0);
    await world.ok(["vm", "create", "well", "--image", "well"], { timeoutMs: 300_000 });
    const daemon = world.daemonPid() ?? 0;
    const before = await memoryOf(daemon);
    const ends: Record<string, number> = {};
    let booted = 0;
    for (let at = 0; booted < WANTED && at < MOST_TRIES; at += 1) {
      const damaged = join(world.folder, "damaged");
      const base = chance.pick(bases);
      const what = `${at}: ${corrupt(base, damaged, chance)} of ${base.slice(base.lastIndexOf("/") + 1)}`;
      const { code, stderr } = await register("damaged", damaged);
      expect({ what, code, bug: stderr.includes("bug") }).toEqual({ what, code: code === 0 ? 0 : 1, bug: false });
      if (code !== 0) continue;
      booted += 1;
      const end = await boot(world);
      ends[end] = (ends[end] ?? 0) + 1;
      expect({ what, end }).toEqual({ what, end: expect.stringMatching(/^(?:runs|cannot read|does not start|hangs)$/) });
      // The other guest and the daemon are as they were.
      expect(await world.ok(["vm", "exec", "well", "--", "/bin/cat", "/srv/page"])).toBe("hello\n");
      expect(world.daemonPid()).toBe(daemon);
      // One that did not start is gone already.
      await world.banger(["vm", "delete", "--force", "damaged"]);
      const { vms } = await world.json<{ vms: readonly { name: string; state: string }[] }>(["vm", "list"]);
      expect(vms.map(({ name, state }) => [name, state])).toEqual([["well", "running"]]);
      await world.ok(["image", "delete", "damaged"]);
    }
    console.log(`${booted} damaged bases booted: ${JSON.stringify(ends)}`);
    expect(booted).toBe(WANTED);
    expect((await memoryOf(daemon)) - before).toBeLessThan(GROWTH_BYTES);
  });
});

/** How a vm of the damaged image fares. */
async function boot(world: World): Promise<string> {
  const created = await world.banger(["vm", "create", "damaged", "--image", "damaged"], { timeoutMs: BOOT_MS });
  if (created.code !== 0) {
    expect(created.stderr).not.toContain("banger has a bug");
    return created.stderr.includes("error:") ? "does not start" : "hangs";
  }
  const startedMs = performance.now();
  const ran = await world.banger(["vm", "exec", "damaged", "--", "/bin/sh", "-c", READ_ALL], { timeoutMs: EXEC_MS });
  expect(ran.stderr).not.toContain("banger has a bug");
  if (ran.code === 0 && ran.stdout.endsWith("over\n")) return "runs";
  return performance.now() - startedMs > EXEC_MS ? "hangs" : "cannot read";
}
