/**
 * A build of a signed release is killed at each effect that it has. The next try clears up after it, fetches nothing twice that lies there
 * already, and is done by the same words.
 *
 * BANGER_TEST_FULL: at each; else at some of them, and at those where the release is fetched.
 */
import { Database } from "bun:sqlite";
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { placesLeft } from "../support/noted-places.ts";
import { makeRandom, sample } from "../support/random.ts";
import { isFull, SEED } from "../support/seeded.ts";
import { processesOf } from "../support/world.ts";
import { openBuildWorld, openSigner, type BuildWorld } from "./kernel-build-world.ts";
import { buildApart } from "./build-apart.ts";

/** Of some 150. */
const SAMPLE = 6;
/** Those at which it matters most what the next try finds. */
const OF_THE_RELEASE = /files\.(?:openWrite|sync|rename) cache\/downloads\/url-/;

setDefaultTimeout(isFull ? 1_800_000 : 120_000);

const signer = openSigner();

interface Point {
  readonly point: string;
  readonly nth: number;
}

async function recordPoints(): Promise<readonly Point[]> {
  await using world = await openBuildWorld(signer);
  world.release();
  const record = join(world.home, "points");
  writeFileSync(record, "");
  expect(await buildApart(world, { control: { record } })).toMatchObject({ code: 0, said: { name: "k", source: "build" } });
  const counts = new Map<string, number>();
  return readFileSync(record, "utf8")
    .trimEnd()
    .split("\n")
    .map((point) => {
      const nth = (counts.get(point) ?? 0) + 1;
      counts.set(point, nth);
      return { point, nth };
    });
}

/** What lies in the cache of the release. */
function findFetched({ system: { layout } }: BuildWorld): { readonly isWhole: boolean; readonly partBytes: number } {
  const names = existsSync(layout.downloads) ? readdirSync(layout.downloads).filter((name) => name.startsWith("url-")) : [];
  const part = names.find((name) => name.endsWith(".part"));
  return {
    isWhole: names.some((name) => name !== part),
    partBytes: part === undefined ? 0 : statSync(join(layout.downloads, part)).size,
  };
}

async function expectResumed(point: Point): Promise<void> {
  await using world = await openBuildWorld(signer);
  world.release();
  const { layout } = world.system;
  expect(await buildApart(world, { control: { ...point, action: "kill" } })).toMatchObject({ signal: "SIGKILL" });
  expect(existsSync(join(layout.kernels, "k/manifest.json"))).toBe(existsSync(join(layout.kernels, "k")));
  const isDone = existsSync(join(layout.kernels, "k"));
  const { isWhole, partBytes } = findFetched(world);
  world.answers.asked.length = 0;

  const next = await buildApart(world);
  if (isDone) expect(next).toMatchObject({ code: 1, said: { code: "kernel_exists" } });
  else expect(next).toMatchObject({ code: 0, said: { name: "k", problems: [] } });
  expect(readdirSync(layout.kernels)).toEqual(["k"]);
  expect(readdirSync(layout.downloads)).toEqual([expect.stringMatching(/^url-[0-9a-f]{64}$/)]);
  expect(placesLeft(world.bin)).toEqual([]);
  expect(processesOf(world.home)).toEqual([]);
  using database = new Database(layout.database, { readonly: true });
  expect(database.query("SELECT * FROM leases").all()).toEqual([]);
  // What lies there is not fetched again.
  const starts = world.answers.asked.flatMap((path) => (path.includes(".tar.xz") ? [Number(/ bytes=(\d+)-$/.exec(path)?.[1] ?? 0)] : []));
  expect(starts).toEqual(isDone || isWhole ? [] : [partBytes]);
}

test(`killed at each of its effects, the next try goes on (seed ${SEED})`, async () => {
  const points = await recordPoints();
  const release = points.filter(({ point }) => OF_THE_RELEASE.test(point));
  expect(release.length).toBeGreaterThanOrEqual(6);
  const chosen = isFull ? points : [...new Set([...release, ...sample(points, SAMPLE, makeRandom())])];
  const failures: string[] = [];
  for (const point of chosen) {
    try {
      await expectResumed(point);
    } catch (error) {
      failures.push(`${point.point} (${point.nth}): ${String(error)}`);
    }
  }
  console.log(`killed at ${chosen.length} of ${points.length} points`);
  expect(failures).toEqual([]);
});
