/** The tour of README.md, word for word and in order, by the built binary, as somebody at a terminal types it. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { openGoods } from "../support/goods.ts";
import { TOUR, typeLine, wordsOf } from "../support/tour.ts";
import { withWorld } from "../support/world.ts";

setDefaultTimeout(600_000);

test("each line of the tour does what it says", async () => {
  await openGoods();
  await withWorld({}, async (world) => {
    const said = new Map<string, string>();
    for (const line of TOUR) {
      const { code, text } = await typeLine(world, line);
      if (code !== 0) throw new Error(`${line}\nended with ${code}:\n${text}`);
      said.set(wordsOf(line), text);
    }

    expect([...said.keys()].filter((words) => words.startsWith("banger ")).length).toBeGreaterThan(8);
    expect(said.get("banger ps")).toMatch(/dev +running/);
    expect(said.get("banger exec dev -- uname -a")).toMatch(/^Linux dev /m);
    expect(said.get("banger shell dev")).toContain("logout");
    expect(said.get("banger exec dev -- head -n 1 notes.md")).toContain("# banger");
    expect(said.get("banger run --ephemeral -- cat /etc/os-release")).toContain("Debian");
    expect(await world.json(["ps"])).toEqual({ vms: [] });
  });
});
