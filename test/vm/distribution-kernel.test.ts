/** The distribution's own kernel, as a fresh machine has it: modules, ACPI, agent alone and systemd. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { openGoods } from "../support/goods.ts";
import { withWorld } from "../support/world.ts";

setDefaultTimeout(300_000);

test("the distribution's kernel boots, runs a command and powers off", async () => {
  const { debianKernel } = await openGoods();
  await withWorld({}, async (world) => {
    const ran = await world.banger(["vm", "run", "--name", "plain", "--kernel", debianKernel, "--", "uname", "-r"]);
    expect(ran.stderr).not.toContain("cannot");
    expect(ran.stdout.trim()).toMatch(/^6\.12\..*cloud-amd64$/);
    expect(ran.code).toBe(0);
    await world.ok(["vm", "stop", "plain"]);
    expect(await world.json(["vm", "show", "plain"])).toMatchObject({ state: "stopped", problems: [] });
  });
});

test("systemd takes over, comes up whole, and goes down when asked", async () => {
  const { debianKernel } = await openGoods();
  await withWorld({}, async (world) => {
    await world.ok([
      "vm",
      "create",
      "full",
      "--kernel",
      debianKernel,
      "--init",
      "systemd",
      "--memory",
      "1G",
      "--wait-for",
      "unit:ssh",
      "--wait-timeout",
      "4m",
    ]);
    // Waited for in the guest, from before systemd answers until it calls the unit active.
    const { requirements } = await world.json<{ requirements: readonly unknown[] }>(["vm", "show", "full"]);
    expect(requirements).toContainEqual(expect.objectContaining({ name: "unit:ssh", state: "met" }));
    expect((await world.ok(["vm", "exec", "full", "--", "systemctl", "is-active", "ssh"])).trim()).toBe("active");
    // Asked in the first moments systemd does not listen yet.
    const wait = 'until s=$(systemctl is-system-running --wait 2>/dev/null); [ -n "$s" ] && [ $s != offline ]; do sleep 0.2; done; echo $s';
    const waited = await world.banger(["vm", "exec", "full", "--", "sh", "-c", wait]);
    const failed = await world.banger(["vm", "exec", "full", "--", "systemctl", "--failed", "--no-legend", "--plain"]);
    expect(failed.stdout).toBe("");
    expect(waited.stdout.trim()).toBe("running");
    expect((await world.ok(["vm", "exec", "full", "--", "cat", "/proc/1/comm"])).trim()).toBe("systemd");
    await world.ok(["vm", "stop", "--grace", "60s", "full"]);
    expect(await world.json(["vm", "show", "full"])).toMatchObject({ state: "stopped", problems: [] });
  });
});
