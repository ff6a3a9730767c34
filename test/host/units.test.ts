/** The units, read by systemd itself. */
import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { makeUnitFiles } from "../../src/daemon/units/unit-files.ts";

test.each(["user", "system"] as const)(
  "systemd finds nothing wrong with the units of scope %s, also for a strange folder",
  async (scope) => {
    const folder = mkdtempSync("/tmp/banger units 100% of $HOME-");
    try {
      const program = join(folder, "the program");
      writeFileSync(program, "#!/bin/sh\n");
      chmodSync(program, 0o755);
      const units = join(folder, "units");
      mkdirSync(units);
      const environment = { HOME: folder, PATH: "/usr/bin:/bin", XDG_RUNTIME_DIR: folder };
      const paths = makeUnitFiles({ scope, self: [program], environment }).map(({ path, text }) => {
        const copy = join(units, basename(path));
        writeFileSync(copy, text);
        return copy;
      });
      const argv = ["systemd-analyze", "verify", ...(scope === "user" ? ["--user"] : []), "--man=no", ...paths];
      const child = Bun.spawn(argv, { env: { ...environment, PATH: process.env["PATH"] ?? "" }, stdout: "pipe", stderr: "pipe" });
      const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
      // It also reads units of this computer, and has its opinion of these.
      const said = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("banger") || line.includes(units));
      expect({ code, said }).toEqual({ code: 0, said: [] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test("systemd does find what is wrong", async () => {
  const folder = mkdtempSync("/tmp/banger-units-");
  try {
    const path = join(folder, "banger.service");
    writeFileSync(path, "[Service]\nExecStart=/nowhere/at/all\nKillMod=process\n");
    const child = Bun.spawn(["systemd-analyze", "verify", "--man=no", path], { stdout: "pipe", stderr: "pipe" });
    const said = (await Promise.all([child.stdout.text(), child.stderr.text()])).join("");
    expect(said).toContain("KillMod");
    expect(await child.exited).not.toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
