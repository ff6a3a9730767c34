/**
 * A build of a signed release in a /var/tmp that fills up, each time somewhere else on the way: while the tarball is copied, gpg or tar is at
 * work, or it compiles. Each time the disk is what is told, nothing is left, what was fetched is kept, and the next try is done.
 *
 * BANGER_TEST_FULL: after every two blocks of a whole way; else after some.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { Database } from "bun:sqlite";
import { randomBytes } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { openNamespaces } from "../support/namespaces.ts";
import { makeRandom, sample } from "../support/random.ts";
import { isFull, SEED } from "../support/seeded.ts";
import { buildApart } from "./build-apart.ts";
import { openBuildWorld, openSigner } from "./kernel-build-world.ts";

const SAMPLE = 6;
const STEP_BYTES = 8192;
/** What a compiler makes on the way; the tarball and the source have it, too. */
const OBJECT_BYTES = 128 * 1024;
/** What a whole way takes, at most. */
const MOST_BYTES = 320 * 1024;

setDefaultTimeout(isFull ? 1_800_000 : 120_000);

const signer = openSigner();

test(`a build tells a disk that fills up anywhere on its way (seed ${SEED})`, async () => {
  await using world = await openBuildWorld(signer);
  world.release({ object: randomBytes(OBJECT_BYTES) });
  await using inside = await openNamespaces(["--mount"], "mount -t tmpfs -o size=64m tmpfs /var/tmp");
  const argv = (command: readonly string[]): readonly string[] => inside.argv(command);
  const resize = (bytes: number): void => {
    const { exitCode, stderr } = Bun.spawnSync([...argv(["mount", "-o", `remount,size=${bytes}`, "/var/tmp"])]);
    if (exitCode !== 0) throw new Error(stderr.toString());
  };
  const little = { ...world, building: { ...world.building, leastBytes: 0 } };
  const all = Array.from({ length: MOST_BYTES / STEP_BYTES }, (_, at) => (at + 1) * STEP_BYTES);
  const codes = new Map<string, number>();
  const failures: unknown[] = [];
  for (const bytes of isFull ? all : sample(all, SAMPLE, makeRandom())) {
    resize(bytes);
    const { code, said } = await buildApart(little, { argv });
    resize(64 * 2 ** 20);
    const { code: what, message, hint } = said as Record<string, string | undefined>;
    const end = code === 0 ? "done" : (what ?? "");
    codes.set(end, (codes.get(end) ?? 0) + 1);
    const isTold =
      what === "disk_full" && message === "cannot build kernel k: the disk that holds /var/tmp is full" && hint?.includes("df -h /var/tmp");
    if (code !== 0 && isTold !== true) failures.push({ bytes, said });
    expect(readdirSync(inside.inside("/var/tmp"))).toEqual([]);
    expect(readdirSync(world.system.layout.downloads)).toEqual([expect.stringMatching(/^url-[0-9a-f]{64}$/)]);
    using database = new Database(world.system.layout.database, { readonly: true });
    expect(database.query("SELECT * FROM leases").all()).toEqual([]);
    if (code !== 0) {
      expect(readdirSync(world.system.layout.kernels)).toEqual([]);
      expect(await buildApart(little, { argv })).toMatchObject({ code: 0, said: { name: "k" } });
    }
    rmSync(`${world.system.layout.kernels}/k`, { recursive: true });
  }
  console.log([...codes].map(([code, count]) => `${code}: ${count}`).join(", "));
  expect(failures).toEqual([]);
  expect(codes.get("disk_full")).toBeGreaterThan(0);
  expect(world.answers.asked.filter((path) => path.includes(".tar.xz"))).toHaveLength(1);
});
