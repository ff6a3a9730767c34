/** The disk of the host is full, in a mount namespace of the test's own: guests wait for room, and what makes room works. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { openGoods } from "../support/goods.ts";
import { openNamespaces } from "../support/namespaces.ts";
import { withWorld, type World } from "../support/world.ts";

setDefaultTimeout(180_000);

const FULL = "the host's disk is full: the guest is held until 64 MiB are free";

async function untilProblems(world: World, expected: readonly string[]): Promise<void> {
  const problems = async (): Promise<unknown> => (await world.json<{ problems: unknown }>(["vm", "show", "dev"])).problems;
  for (const deadline = Date.now() + 60_000; !Bun.deepEquals(await problems(), expected); await Bun.sleep(100)) {
    if (Date.now() > deadline) throw new Error(`never: ${JSON.stringify(expected)}, but ${JSON.stringify(await problems())}`);
  }
}

test("a guest on a full disk goes on when there is room, and can be ended and deleted by a daemon that starts there", async () => {
  const { kernel } = await openGoods();
  const disk = mkdtempSync("/tmp/banger-disk-");
  try {
    await using inside = await openNamespaces(["--mount"], `mount -t tmpfs -o size=400m,mode=700 tmpfs ${disk}`);
    const run = (script: string): string => {
      const { stdout, stderr, exitCode } = Bun.spawnSync([...inside.argv(["sh", "-ec", script])]);
      if (exitCode !== 0) throw new Error(stderr.toString());
      return stdout.toString().trim();
    };
    const leaveFree = (mib: number): void => {
      const used = Number(run(`df --output=used -m ${disk} | tail -n 1`));
      run(`mount -o remount,size=${used + mib}m ${disk}`);
    };
    await withWorld({ prefix: inside.argv([]), env: { XDG_STATE_HOME: disk } }, async (world) => {
      await world.ok(["vm", "create", "dev", "--kernel", kernel]);
      const write = (name: string) =>
        world.banger(["exec", "dev", "--", "sh", "-c", `head -c 48M /dev/urandom > ${name} && sync && echo all`]);

      leaveFree(16);
      const writing = write("first");
      await untilProblems(world, [FULL]);
      const refused = await world.banger(["exec", "dev", "--", "true"]);
      expect(refused).toMatchObject({ code: 125, stderr: expect.stringContaining("vm dev does not answer: the host's disk is full") });
      leaveFree(200);
      expect(await writing).toMatchObject({ code: 0, stdout: "all\n" });
      await untilProblems(world, []);

      leaveFree(16);
      const cut = write("second");
      await untilProblems(world, [FULL]);
      await world.ok(["daemon", "stop"]);
      expect((await cut).code).toBe(125);
      run(`dd if=/dev/zero of=${disk}/fill bs=1k 2> /dev/null || :`);
      await untilProblems(world, [FULL]);
      await world.ok(["vm", "kill", "dev"]);
      const started = await world.banger(["vm", "start", "dev"]);
      expect(started).toMatchObject({ code: 1, stderr: expect.stringContaining("cannot start vm dev: the disk that holds") });
      await world.ok(["vm", "delete", "dev"]);
      expect(await world.json<unknown>(["vm", "list"])).toEqual({ vms: [] });
    });
  } finally {
    rmSync(disk, { recursive: true, force: true });
  }
});
