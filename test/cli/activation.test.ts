/** A daemon that a service manager starts: what systemd would do is done by `service-manager.ts`, with real sockets and descriptors. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { openHome } from "./home.ts";
import { openServiceManager } from "./service-manager.ts";

// Several programs start here, on computers that may be busy.
setDefaultTimeout(60_000);

test("a daemon takes the socket that it is handed, says that it is ready, and leaves the socket when it ends", async () => {
  await using home = openHome();
  const socketPath = join(home.path, "run/banger.sock");
  using manager = openServiceManager(socketPath, join(home.path, "notify"));
  const { ino } = statSync(socketPath);

  // The socket is there and no daemon is: asking for the status starts none, and does not wait for one.
  expect(await home.banger(["daemon", "status"])).toMatchObject({ code: 3, stdout: expect.stringContaining("no daemon runs") });

  // Who connects before the daemon is there is answered when it is.
  const early = home.banger(["ps", "--json"]);
  for (const round of [1, 2]) {
    const daemon = manager.start([...home.program, "daemon", "run"], home.variables);
    expect(manager.hear()).toBe("READY=1");
    if (round === 1) expect(await early).toEqual({ code: 0, stdout: '{"vms":[]}\n', stderr: "" });
    const status = JSON.parse((await home.banger(["daemon", "status", "--json"])).stdout) as Record<string, unknown>;
    expect(status).toMatchObject({ running: true, pid: daemon.pid, vms: { all: 0, running: 0 } });
    daemon.kill("SIGTERM");
    expect(manager.hear()).toBe("STOPPING=1");
    expect(await daemon.exited).toBe(0);
    expect(statSync(socketPath).ino).toBe(ino);
    expect(existsSync(join(home.path, "state/daemon.json"))).toBe(false);
  }
});

test("a daemon that cannot start tells why, to an abstract socket too", async () => {
  await using home = openHome();
  await Bun.write(join(home.path, "config/config.toml"), "nonsense = 1\n");
  using manager = openServiceManager(join(home.path, "run/banger.sock"), `@banger-test-${process.pid}`);
  const daemon = manager.start([...home.program, "daemon", "run"], home.variables);
  expect(manager.hear()).toMatch(/^STATUS=cannot use the config .*nonsense: there is no such key/);
  expect(await daemon.exited).not.toBe(0);
});

test("a daemon that is stopped removes its socket itself, and blames nobody for it", async () => {
  await using home = openHome();
  for (let round = 0; round < 5; round += 1) {
    await home.banger(["daemon", "start"]);
    await home.banger(["daemon", "stop"]);
  }
  const { stdout } = await home.banger(["daemon", "logs"]);
  expect(stdout.match(/ {2}the daemon stops$/gm)).toHaveLength(5);
  expect(stdout).not.toContain("removed by somebody");
});

test("a daemon that was killed does not count as one that runs", async () => {
  await using home = openHome();
  await home.banger(["daemon", "start"]);
  const { pid } = JSON.parse((await home.banger(["daemon", "status", "--json"])).stdout) as { pid: number };
  process.kill(pid, "SIGKILL");
  while (existsSync(`/proc/${pid}/cmdline`) && (await Bun.file(`/proc/${pid}/cmdline`).text()) !== "") await Bun.sleep(5);
  expect((await home.banger(["daemon", "status"])).code).toBe(3);
  const logs = await home.banger(["daemon", "logs", "-n", "1"]);
  expect(logs).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S+ info  the daemon listens  version=0\.1\.0  pid=\d+/) });
  const json = await home.banger(["daemon", "logs", "-n1", "--json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({ level: "info", pid });
  expect(await home.banger(["daemon", "logs", "--json", "--tail", "1", "--since", "1h"])).toEqual(json);
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  expect(await home.banger(["daemon", "logs", "--since", tomorrow])).toEqual({ code: 0, stdout: "", stderr: "" });
  for (const words of [
    ["--since", "never"],
    ["--tail", "-1"],
  ])
    expect((await home.banger(["daemon", "logs", ...words])).code).toBe(2);
});
