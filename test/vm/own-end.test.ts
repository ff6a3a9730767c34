/** A guest that ends itself, by the commands that people know; and one whose root is full, which must be able to start again. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { openGoods } from "../support/goods.ts";
import { closeWorld, openWorld, type World } from "../support/world.ts";
import { listVms } from "../support/world-state.ts";

setDefaultTimeout(180_000);

let world: World;

beforeAll(async () => {
  const goods = await openGoods();
  world = await openWorld();
  await world.ok(["vm", "create", "dev", "--kernel", goods.kernel, "--memory", "512M", "--disk", "256M", "--work-disk", "256M"]);
});
afterAll(async () => closeWorld(world));

/** Ends it from inside. How the command itself ends is a matter of who is faster. */
async function endBy(...words: readonly string[]): Promise<void> {
  await world.banger(["vm", "exec", "dev", "--", ...words]);
  for (const deadline = Date.now() + 60_000; listVms(world)[0]?.state === "running"; await Bun.sleep(50))
    if (Date.now() > deadline) throw new Error(`${words.join(" ")}: it still runs`);
}

async function sh(script: string): Promise<string> {
  return (await world.ok(["vm", "exec", "dev", "--", "sh", "-c", script])).trim();
}

test("poweroff, halt and shutdown end it in order", async () => {
  for (const words of [["poweroff"], ["halt"], ["shutdown", "-h", "now"]]) {
    await endBy(...words);
    expect({ words, vm: await world.json(["vm", "show", "dev"]) }).toMatchObject({ words, vm: { state: "stopped", problems: [] } });
    await world.ok(["vm", "start", "dev"]);
  }
});

test("poweroff -f, which halts a kernel that cannot switch off, ends it too", async () => {
  // What is connected is cut off when the silence is noticed.
  const forced = world.banger(["vm", "exec", "dev", "--", "poweroff", "-f"], { timeoutMs: 120_000 });
  for (const deadline = Date.now() + 120_000; listVms(world)[0]?.state === "running"; await Bun.sleep(100))
    if (Date.now() > deadline) throw new Error("it still runs");
  await forced;
  expect(await world.json(["vm", "show", "dev"])).toMatchObject({ state: "stopped", problems: [] });
  await world.ok(["vm", "start", "dev"]);
});

test("one without a free block starts again, and again", async () => {
  // Largest pieces first, down to single blocks.
  await sh("for size in 16M 1M 64K 4K; do n=0; while fallocate -l $size /fill-$size-$n 2>/dev/null; do n=$((n+1)); done; done");
  expect(Number(await sh("df --output=avail / | tail -1"))).toBeLessThan(64);
  for (let again = 0; again < 2; again += 1) {
    await world.ok(["vm", "stop", "dev"]);
    await world.ok(["vm", "start", "dev"]);
    // What is still full, and can be cleared up: it is joined for writing.
    expect(Number(await sh("df --output=avail / | tail -1"))).toBeLessThan(1024);
  }
  await sh("rm /fill-* && echo room > /file && cat /file");
});

test("one without a free inode starts again", async () => {
  await sh("mkdir /many && cd /many && seq 1 $(df --output=iavail / | tail -1) | xargs touch 2>/dev/null; true");
  expect(Number(await sh("df --output=iavail / | tail -1"))).toBeLessThan(16);
  await world.ok(["vm", "stop", "dev"]);
  await world.ok(["vm", "start", "dev"]);
  expect(await sh("rm -r /many && echo room > /file && cat /file")).toBe("room");
});
