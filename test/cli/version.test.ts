import { expect, setDefaultTimeout, test } from "bun:test";
import { openHome } from "./home.ts";

// Several programs start here, on computers that may be busy.
setDefaultTimeout(60_000);

test("the version of all parts is shown, and no daemon is started for it", async () => {
  await using home = openHome();
  const alone = JSON.parse((await home.banger(["version", "--all", "--json"])).stdout) as { drivers: readonly unknown[] };
  expect(alone).toMatchObject({ version: "0.1.0", daemon: null, agent: "0.1.0", vms: [] });
  expect(alone.drivers).toMatchObject([{ name: "qemu" }]);
  expect((await home.banger(["version", "--all"])).stdout).toMatch(/^daemon none runs$/m);
  expect((await home.banger(["daemon", "status"])).code).toBe(3);

  await home.banger(["daemon", "start"]);
  const { stdout } = await home.banger(["version", "-a"]);
  expect(stdout).toMatch(/^daemon +0\.1\.0 \(pid \d+, since \d+ s\)$/m);
  expect(stdout).toMatch(/^fake +1\.0, none: there is nothing to accelerate$/m);
  expect(stdout).toMatch(/^vm new +agent 0\.1\.0$/m);
  expect(stdout).toMatch(/^vm old +agent 0\.0\.9\\x1b\[2J; a stop and a start give it 0\.1\.0$/m);
  expect(stdout).toMatch(/^vm silent +its agent does not answer$/m);
  expect((await home.banger(["version"])).stdout).toBe("banger 0.1.0\n");
});
