import { expect, test } from "bun:test";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeJsonLog } from "../../system/json-log.ts";
import { makeSystem } from "../../system/make-system.ts";
import { makeSeenReleases } from "./seen-releases.ts";

test("pulls of many suites at once are all remembered, each by its newest", async () => {
  const home = await fs.mkdtemp(join(tmpdir(), "banger-seen-"));
  await using _home = { [Symbol.asyncDispose]: () => fs.rm(home, { recursive: true }) };
  const system = makeSystem({ BANGER_HOME: home }, makeJsonLog(2));
  const suites = ["stable", "stable-updates", "stable-security"];
  // As two pulls of two catalogs would do it: each has an object of its own.
  const works = suites.flatMap((suite) => [3, 1, 2].map((dateMs) => makeSeenReleases(system).remember(suite, dateMs)));
  await Promise.all(works);
  for (const suite of suites) expect(await makeSeenReleases(system).newestMs(suite)).toBe(3);
  expect(await makeSeenReleases(system).newestMs("another")).toBeUndefined();
});
