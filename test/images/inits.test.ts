/** Inits other than systemd: each becomes PID 1, runs a service, goes down when asked from outside and from inside, and starts again. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { openGoods } from "../support/goods.ts";
import { OPENRC, openInitImages, RUNIT, S6_AND_BUSYBOX } from "../support/init-images.ts";
import { until } from "../support/until.ts";
import { closeWorld, openWorld, type World } from "../support/world.ts";

setDefaultTimeout(900_000);

let world: World;
let kernel: string;

beforeAll(async () => {
  await openInitImages();
  ({ kernel } = await openGoods());
  world = await openWorld();
});
afterAll(async () => closeWorld(world));

function create(vm: string, image: string, init: string): Promise<string> {
  const shape = ["--kernel", kernel, "--memory", "512M", "--disk", "512M", "--work-disk", "256M"];
  return world.ok(["vm", "create", vm, "--image", image, "--init", init, ...shape]);
}

async function sh(vm: string, script: string): Promise<string> {
  return (await world.ok(["vm", "exec", vm, "--", "sh", "-c", script])).trim();
}

async function stateOf(vm: string): Promise<{ readonly state: string; readonly problems: readonly string[] }> {
  const { state, problems } = await world.json<{ state: string; problems: string[] }>(["vm", "show", vm]);
  return { state, problems };
}

/** That it was not forced: a busy computer was seen to take 52 s for one of System V. */
async function stop(vm: string): Promise<void> {
  const start = performance.now();
  await world.ok(["vm", "stop", "--grace", "150s", vm]);
  expect(performance.now() - start).toBeLessThan(140_000);
  expect(await stateOf(vm)).toEqual({ state: "stopped", problems: [] });
}

async function endFromInside(vm: string, ...words: readonly string[]): Promise<void> {
  // How the command itself ends is a matter of who is faster.
  await world.banger(["vm", "exec", vm, "--", ...words]);
  await until(`${words.join(" ")} in ${vm}`, async () => !["running", "stopping"].includes((await stateOf(vm)).state));
  expect(await stateOf(vm)).toEqual({ state: "stopped", problems: [] });
}

const PID_1 = "cat /proc/1/comm";
const IDENTITY = "cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub";
const UNTIL_SSHD = "until pgrep -x sshd >/dev/null; do sleep 0.2; done";

test("OpenRC and an init of System V run services, and two vms of one image are not the same", async () => {
  // It is told at once, so nobody waited for it.
  expect(await create("openrc", OPENRC, "openrc")).toContain("openrc goes on starting in it");
  await create("sysv", OPENRC, "image");
  expect(await sh("openrc", PID_1)).toBe("openrc-init");
  expect(await sh("sysv", PID_1)).toBe("init");
  const [one, two] = [await sh("openrc", IDENTITY), await sh("sysv", IDENTITY)];
  const parts = (identity: string): string[] => identity.split(/\s+/);
  expect(parts(one)[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(parts(one)[0]).not.toBe(parts(two)[0] ?? "");
  expect(parts(one)[2]).toMatch(/^AAAA/);
  expect(parts(one)[2]).not.toBe(parts(two)[2] ?? "");
  await Promise.all([sh("openrc", UNTIL_SSHD), sh("sysv", UNTIL_SSHD)]);
  expect(await sh("sysv", "grep -c '^[^#].*getty.* tty' /etc/inittab || true")).toBe("0");
  await Promise.all([endFromInside("openrc", "poweroff"), stop("sysv")]);
  expect(await world.ok(["logs", "sysv"])).not.toContain("respawning too fast");
  await world.ok(["vm", "start", "openrc"]);
  expect(await sh("openrc", PID_1)).toBe("openrc-init");
  expect(await sh("openrc", IDENTITY)).toBe(one);
});

test("runit runs services, goes down and starts again", async () => {
  await create("runit", RUNIT, "runit");
  await sh("runit", UNTIL_SSHD);
  expect(await sh("runit", PID_1)).toBe("runit");
  expect(await sh("runit", "sv status ssh")).toStartWith("run: ssh");
  await endFromInside("runit", "poweroff");
  await world.ok(["vm", "start", "runit"]);
  expect(await sh("runit", PID_1)).toBe("runit");
  // While it starts.
  await stop("runit");
});

test("s6 and busybox run what they are given", async () => {
  await Promise.all([create("s6", S6_AND_BUSYBOX, "s6"), create("busybox", S6_AND_BUSYBOX, "busybox")]);
  const service = String.raw`printf '#!/bin/sh\nexec sleep 1234\n' > /etc/s6/one/run && chmod +x /etc/s6/one/run`;
  await sh("s6", `mkdir -p /etc/s6/one && ${service}`);
  await sh("busybox", "echo '::respawn:/bin/sleep 1234' >> /etc/inittab && echo 'tty5::respawn:/bin/sleep 5' >> /etc/inittab");
  await Promise.all([stop("s6"), stop("busybox")]);
  await Promise.all([world.ok(["vm", "start", "s6"]), world.ok(["vm", "start", "busybox"])]);
  expect(await sh("s6", PID_1)).toBe("s6-svscan");
  expect(await sh("busybox", PID_1)).toBe("busybox");
  const untilItRuns = "until pgrep -x sleep >/dev/null; do busybox usleep 200000; done";
  await Promise.all([sh("s6", untilItRuns), sh("busybox", untilItRuns)]);
  await Promise.all([endFromInside("s6", "busybox", "poweroff"), endFromInside("busybox", "busybox", "poweroff")]);
  expect(await world.ok(["logs", "busybox"])).not.toContain("tty5");
});

test("an image without the init that was asked for is refused, with where it was looked for", async () => {
  const refused = await world.banger(["vm", "create", "none", "--image", RUNIT, "--kernel", kernel, "--init", "openrc"]);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("the image has no openrc: there is no program at /sbin/openrc-init, ");
  expect(refused.stderr).toContain("try: --init agent");
});
