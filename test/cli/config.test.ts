import { expect, setDefaultTimeout, test } from "bun:test";
import { openHome } from "./home.ts";

// Several programs start here, on computers that may be busy.
setDefaultTimeout(30_000);

test("the config is shown with where each value comes from, and that it was changed since", async () => {
  await using home = openHome();
  expect((await home.banger(["config", "show"])).stdout).toContain(`config: ${home.path}/config/config.toml (there is none)`);
  await home.banger(["daemon", "stop"]);
  await Bun.write(`${home.path}/config/config.toml`, `[defaults]\nmemory = "3G"\n`);
  const shown = (await home.banger(["config", "show"])).stdout;
  expect(shown).toMatch(/^defaults\.memory +3G +line 2$/m);
  expect(shown).toMatch(/^defaults\.disk +20G +default$/m);
  expect(shown).not.toContain("changed since");
  await Bun.write(`${home.path}/config/config.toml`, `[defaults]\nmemory = "4G"\n`);
  expect((await home.banger(["config", "show"])).stdout).toContain("note: the file was changed since the daemon started");
  const { entries, changedSince } = JSON.parse((await home.banger(["config", "show", "--json"])).stdout) as {
    changedSince: boolean;
    entries: readonly { key: string; value: unknown; source: string; line: number | null }[];
  };
  expect(changedSince).toBe(true);
  expect(entries.find(({ key }) => key === "defaults.memory")).toEqual({ key: "defaults.memory", value: "3G", source: "file", line: 2 });
});
