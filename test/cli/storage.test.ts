import { expect, setDefaultTimeout, test } from "bun:test";
import { openHome } from "./home.ts";

// Several programs start here, on computers that may be busy.
setDefaultTimeout(30_000);

test("prune shows what would go, and without a terminal wants a yes", async () => {
  await using home = openHome();
  const looked = await home.banger(["system", "prune", "--dry-run"]);
  expect(looked.code).toBe(0);
  expect(looked.stdout).toMatch(/^download +sha256-00 +1 MiB +\d+ days ago$/m);
  expect(looked.stdout).toEndWith("1.0 MiB would be freed\n");

  const refused = await home.banger(["system", "prune"]);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain("sha256-00");
  expect(refused.stderr).toContain("try: banger system prune --yes");
  const asJson = await home.banger(["system", "prune", "--json"]);
  expect(JSON.parse(asJson.stdout)).toMatchObject({ error: { code: "prune_unconfirmed" } });

  expect((await home.banger(["system", "df"])).stdout).toMatch(/^download +1 +1 MiB +1 MiB +1 MiB$/m);
  const pruned = await home.banger(["system", "prune", "--yes", "--json"]);
  expect(JSON.parse(pruned.stdout)).toMatchObject({ dryRun: false, usedBytes: 2 ** 20 + 4096 });
  expect((await home.banger(["system", "prune", "-y"])).stdout).toBe("there is nothing to remove\n");
  expect((await home.banger(["system", "df"])).stdout).toMatch(/^download +0 +0 B +0 B +-$/m);
});

test.each([
  ["n", 1, "nothing was removed"],
  ["y", 0, "were freed"],
] as const)("prune asks at a terminal, and %s is taken for an answer", async (key, code, said) => {
  await using home = openHome();
  let text = "";
  const child = Bun.spawn([...home.program, "system", "prune"], {
    env: home.variables,
    terminal: {
      cols: 120,
      rows: 40,
      data: (terminal, data) => {
        const had = text.includes("[y/N]");
        text += new TextDecoder().decode(data);
        if (!had && text.includes("[y/N]")) terminal.write(`${key}\n`);
      },
    },
  });
  expect(await child.exited).toBe(code);
  expect(text).toContain("remove these, 1.0 MiB?");
  expect(text).toContain(said);
});

test("image prune finds nothing where there is nothing, and says what else it takes", async () => {
  await using home = openHome();
  expect(await home.banger(["image", "prune"])).toMatchObject({ code: 0, stdout: "there is nothing to remove\n" });
  expect(await home.banger(["image", "prune", "-a", "-y", "--json"])).toMatchObject({ code: 0 });
  expect(await home.banger(["image", "prune", "--before", "0"])).toMatchObject({ code: 2 });
  expect((await home.banger(["image", "prune", "--help"])).stdout).toContain("the config's default_image");
});
