import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { DoctorReport } from "../../src/contract/schemas/finding.ts";
import { openHome, type Home } from "./home.ts";

// Several programs start here, on computers that may be busy; the doctor that looks for itself may run a guest.
setDefaultTimeout(120_000);

async function examine(home: Home, ...flags: readonly string[]): Promise<DoctorReport & { readonly code: number }> {
  const { code, stdout } = await home.banger(["doctor", "--json", ...flags]);
  return { code, ...(JSON.parse(stdout) as DoctorReport) };
}
const findingOf = ({ findings }: DoctorReport, name: string) => findings.find((finding) => finding.name === name);

describe("without a daemon", () => {
  test("doctor looks for itself and starts none", async () => {
    await using home = openHome();
    const report = await examine(home);
    expect(findingOf(report, "daemon")).toMatchObject({ status: "not used" });
    for (const name of ["qemu", "mke2fs", "mmdebstrap", "gpgv", "keyring", "buildah", "config", "clock"]) {
      expect(findingOf(report, name)).toMatchObject({ status: "fine" });
    }
    expect(report.code).toBe(report.fine ? 0 : 1);
    expect((await home.banger(["daemon", "status"])).code).toBe(3);
  });

  test("why the last one could not start is a finding, and so is what is wrong", async () => {
    await using home = openHome();
    await Bun.write(`${home.path}/config/config.toml`, "default_imag = 1\n");
    await home.banger(["ps"]);
    const report = await examine(home);
    expect(report).toMatchObject({ code: 1, fine: false });
    const why = "line 1: default_imag: there is no such key";
    expect(findingOf(report, "daemon")?.detail).toContain(why);
    expect(findingOf(report, "config")).toMatchObject({ status: "missing", hint: `edit ${home.path}/config/config.toml` });
    expect(findingOf(report, "mke2fs")).toMatchObject({ status: "fine" });
  });

  test("folders that leave no room for a socket are the finding", async () => {
    const long = `/tmp/${"x".repeat(100)}`;
    await using home = openHome();
    const { code, stdout } = await home.banger(["doctor"], { variables: { BANGER_HOME: long } });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^folders +missing +cannot use the run folder/m);
  });
});

describe("with a daemon", () => {
  test("it is the one that looks; what is missing is exit code 1, and fix is passed on", async () => {
    await using home = openHome();
    await home.banger(["daemon", "start"]);
    const { code, stdout } = await home.banger(["doctor"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^daemon +fine +runs \(pid \d+, since /m);
    expect(stdout).toMatch(/^network +missing +pasta is not installed$/m);
    expect(stdout).toMatch(/^run folder +\/run\/v\/00 +there is no vm 00$/m);
    expect(stdout).toEndWith("what to type:\n  network: sudo apt install passt\n\nmissing: network\n");
    expect(await examine(home, "--fix")).toMatchObject({ code: 0, fine: true, leftovers: [{ removed: true }] });
  });

  test("to fix one is started", async () => {
    await using home = openHome();
    expect(await examine(home, "--fix")).toMatchObject({ code: 0, leftovers: [{ removed: true }] });
    expect((await home.banger(["daemon", "status"])).code).toBe(0);
  });
});
