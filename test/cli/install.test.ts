/** Installing the units. The `systemctl` here writes down what it is told: there need be no systemd that runs where tests do. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openHome, type Home } from "./home.ts";

// Several programs start here, on computers that may be busy.
setDefaultTimeout(30_000);

/** A home whose PATH begins with a systemctl and a loginctl of ours. */
function openHomeWithSystemd({ fails = "nothing", linger = "no" } = {}): Home & {
  readonly told: () => readonly string[];
  readonly units: string;
} {
  const home = openHome();
  const folder = join(home.path, "bin");
  mkdirSync(folder);
  const write = (name: string, script: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  const toldPath = join(home.path, "told");
  write("systemctl", `echo "$*" >> ${toldPath}; case "$*" in *${fails}*) echo "Failed to connect to bus" >&2; exit 1;; esac`);
  write("loginctl", `printf 'Name=ada\\nLinger=${linger}\\n'`);
  const variables = { PATH: `${folder}:${process.env["PATH"] ?? ""}` };
  return {
    ...home,
    banger: (argv, options) => home.banger(argv, { ...options, variables }),
    told: () => (existsSync(toldPath) ? readFileSync(toldPath, "utf8").trimEnd().split("\n") : []),
    units: join(home.path, ".config/systemd/user"),
  };
}

test("units are written, systemd is told, and linger is explained; uninstalling undoes it", async () => {
  await using home = openHomeWithSystemd();
  await home.banger(["daemon", "start"]);
  const printed = JSON.parse((await home.banger(["daemon", "install", "--print", "--json"])).stdout) as {
    units: readonly { path: string; text: string }[];
  };
  expect(home.told()).toEqual([]);
  const installed = await home.banger(["daemon", "install"]);
  expect(installed).toMatchObject({ code: 0, stdout: expect.stringContaining("sudo loginctl enable-linger ada") });
  for (const { path, text } of printed.units) expect(readFileSync(path, "utf8")).toBe(text);
  const name = printed.units[0]?.path.split("/").at(-1) ?? "";
  expect(home.told()).toEqual(["--user --no-ask-password daemon-reload", `--user --no-ask-password enable --now ${name}`]);
  // The daemon that ran kept the lock: it was stopped, so that systemd's can start.
  expect((await home.banger(["daemon", "status"])).code).toBe(3);

  expect((await home.banger(["daemon", "uninstall"])).stdout).toContain("removed");
  for (const { path } of printed.units) expect(existsSync(path)).toBe(false);
  expect(home.told()[2]).toStartWith("--user --no-ask-password disable --now banger-");
  expect((await home.banger(["daemon", "uninstall"])).stdout).toBe("no units are installed\n");
});

test("who lingers is told so", async () => {
  await using home = openHomeWithSystemd({ linger: "yes" });
  const installed = await home.banger(["daemon", "install", "--json"]);
  expect(JSON.parse(installed.stdout)).toMatchObject({ linger: true, user: "ada" });
});

test("without a systemd nothing is left behind", async () => {
  await using home = openHomeWithSystemd({ fails: "daemon-reload" });
  const failed = await home.banger(["daemon", "install"]);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain("Failed to connect to bus");
  expect(failed.stderr).toContain("try: banger daemon install --print");
  expect(await Array.fromAsync(new Bun.Glob("*").scan(home.units))).toEqual([]);
});
