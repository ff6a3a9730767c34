/** What is done to one vm while it runs, in a real guest: waited for, paused, changed, renamed. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { spawn } from "node:child_process";
import { openGoods } from "../support/goods.ts";
import { BANGER, closeWorld, openWorld, type World } from "../support/world.ts";

setDefaultTimeout(180_000);

interface Shown {
  readonly state: string;
  readonly pending: readonly unknown[];
  readonly requirements: readonly { readonly name: string; readonly state: string; readonly why: string | null }[];
}

let world: World;
let kernel: string;
const show = (name = "dev"): Promise<Shown> => world.json<Shown>(["vm", "show", name]);
const guest = async (line: string, name = "dev"): Promise<string> => (await world.ok(["exec", name, "--", "sh", "-c", line])).trim();
/** In MiB. */
const sizes = async (): Promise<readonly number[]> => (await guest("df -BM --output=size / /root | tail -2")).split("\n").map(parseFloat);
const clockBehind = async (): Promise<number> => Date.now() / 1000 - Number(await guest("date +%s.%N"));

beforeAll(async () => {
  ({ kernel } = await openGoods());
  world = await openWorld();
});
afterAll(async () => closeWorld(world));

test("it is ready when a port, a file and a command in the guest say so", async () => {
  const words = ["--wait-for", "tcp:7007", "--wait-for", "file:/run/later/flag", "--wait-for", "command:test -s /run/later/flag"];
  const creating = world.banger(["vm", "create", "dev", "--kernel", kernel, "--disk", "512M", "--work-disk", "512M", ...words]);
  const isWaiting = async (): Promise<boolean> =>
    (await world.banger(["vm", "show", "dev", "--json"])).stdout.includes('"state":"waiting"');
  for (const deadline = Date.now() + 60_000; !(await isWaiting()) && Date.now() < deadline;) await Bun.sleep(50);
  await guest(
    "perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 1, LocalPort => 7007) or die; sleep 600' >/dev/null 2>&1 &",
  );
  await guest("mkdir /run/later; echo x > /run/later/flag");
  expect(await creating).toMatchObject({ code: 0, stdout: expect.stringContaining("vm dev is running") });
  expect((await show()).requirements.map(({ name, state }) => `${name}: ${state}`)).toEqual([
    "agent answers: met",
    "guest settled: met",
    "tcp:7007: met",
    "file:/run/later/flag: met",
    "command:test -s /run/later/flag: met",
  ]);
});

test("its clock is right after a pause, and a command under way goes on", async () => {
  const counting = spawn(BANGER, ["exec", "dev", "--", "sh", "-c", "echo up; for i in 1 2 3 4 5 6; do sleep 0.5; done; echo done"], {
    env: world.environment,
  });
  let said = "";
  const up = Promise.withResolvers<void>();
  counting.stdout.on("data", (part: Buffer) => {
    said += part.toString();
    if (said.includes("up")) up.resolve();
  });
  const counted = new Promise((resolve) => counting.once("close", resolve));
  await up.promise;
  await world.ok(["pause", "dev"]);
  expect((await show()).state).toBe("paused");
  // What is measured is that much time passes for us and none for the guest.
  await Bun.sleep(5000);
  const { stderr } = await world.banger(["resume", "dev"]);
  const stoodStill = Number(/clock .*\(was ([\d.]+) s behind\)/.exec(stderr)?.[1]);
  expect(stoodStill).toBeWithin(4.5, 60);
  expect(Math.abs(await clockBehind())).toBeLessThan(3);
  expect(await counted).toBe(0);
  expect(said).toBe("up\ndone\n");
});

test("its disks grow while they are in use, and what is on them stays", async () => {
  await guest("echo root > /etc/kept; echo home > /root/kept; sync");
  const before = await sizes();
  expect(before.every((size) => size < 513)).toBe(true);
  expect(await world.ok(["set", "dev", "--disk", "3G", "--work-disk", "5G"])).toBe("changed vm dev\n");
  expect((await show()).pending).toEqual([]);
  const [root = 0, home = 0] = await sizes();
  expect(root).toBeWithin(2800, 3073);
  expect(home).toBeWithin(4700, 5121);
  // More than there was room for.
  await guest("head -c 600000000 /dev/zero > /root/large; rm /root/large");
  expect(await guest("cat /etc/kept /root/kept")).toBe("root\nhome");
});

test("its name changes at once, and cpus and memory at the next start", async () => {
  await world.ok(["rename", "dev", "prod"]);
  expect(await guest("hostname; cat /etc/hostname; grep -c prod /etc/hosts", "prod")).toBe("prod\nprod\n1");
  const before = Number(await guest("awk '/MemTotal/ { print $2 }' /proc/meminfo", "prod"));
  expect(await world.ok(["set", "prod", "--memory", "512M"])).toContain("takes effect at the next start: memory 512 MiB");
  await world.ok(["stop", "prod"]);
  const starting = world.banger(["start", "prod"]);
  const isUp = async (): Promise<boolean> => (await world.banger(["exec", "prod", "--", "true"])).code === 0;
  for (const deadline = Date.now() + 60_000; !(await isUp()) && Date.now() < deadline;) await Bun.sleep(50);
  // Nothing listens in this boot; who stops it ends the waiting.
  expect(Number(await guest("awk '/MemTotal/ { print $2 }' /proc/meminfo", "prod"))).toBeLessThan(before * 0.7);
  expect(await guest("cat /root/kept", "prod")).toBe("home");
  await world.ok(["kill", "prod"]);
  expect((await starting).stderr).toContain("vm prod was stopped while it started");
});
