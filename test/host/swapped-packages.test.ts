/** Files of the download cache that somebody exchanges between their verification and their use: the others' bytes are never used. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { openSigners, openArchiveWorld, SUITE, systemOf } from "../../src/catalog/debian/test-archive-world.ts";
import { makeDeb, makeTar } from "../../src/catalog/unpack/made-deb.ts";
import { openDeb } from "../../src/catalog/unpack/open-deb.ts";
import { BangerError } from "../../src/contract/errors.ts";
import { isFull, makeChance, SEED } from "../support/seeded.ts";

setDefaultTimeout(600_000);

const RACES = isFull ? 1000 : 60;
const { root, signers } = await openSigners("/tmp/bsw-");
const system = systemOf(join(root, "h"));
const chance = makeChance();
const signal = new AbortController().signal;

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** By another file in its place, by other bytes in the same file, and by a link to another file. */
const SWAPS: readonly ((path: string, evil: Uint8Array) => void)[] = [
  (path, evil) => {
    writeFileSync(`${path}.evil`, evil);
    renameSync(`${path}.evil`, path);
  },
  (path, evil) => writeFileSync(path, evil, { flag: "r+" }),
  (path, evil) => writeFileSync(path, evil),
  (path, evil) => {
    writeFileSync(`${path}.target`, evil);
    symlinkSync(`${path}.target`, `${path}.link`);
    renameSync(`${path}.link`, path);
  },
];

interface Race {
  /** The right file, anew. */
  readonly path: string;
  readonly evil: Uint8Array;
  /** What was made of the file, and of which of the two. */
  readonly use: () => Promise<"good" | "evil">;
}

/** What came of races in which a file is exchanged before, while, and after it is used. */
async function raced(start: (race: number) => Promise<Race>): Promise<Readonly<Record<string, number>>> {
  const outcomes: Record<string, number> = { good: 0, refused: 0 };
  let usualMs = 5;
  for (let race = 0; race < RACES; race += 1) {
    const { path, evil, use } = await start(race);
    const swap = (): void => chance.pick(SWAPS)(path, evil);
    const begun = performance.now();
    if (race % 10 === 0) swap();
    const work = use().catch((error: unknown) => {
      if (error instanceof BangerError && error.kind === "refused" && error.code === "digest_mismatch") return "refused";
      return String(error);
    });
    if (race % 10 === 1) usualMs = await work.then(() => performance.now() - begun);
    if (race % 10 > 0) await pause((chance.below(1000) / 1000) * usualMs);
    if (race % 10 > 0) swap();
    const outcome = await work;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  console.log(`BANGER_TEST_SEED=${SEED}: ${JSON.stringify(outcomes)}`);
  return outcomes;
}

test("a package that is exchanged while it is opened is never taken for the one that was verified", async () => {
  const xz = async (bytes: Uint8Array): Promise<Buffer> => {
    const path = join(root, "data");
    writeFileSync(path, bytes);
    await system.processes.runOk(["xz", "-kf0", path], { timeoutMs: 10_000 });
    return readFileSync(`${path}.xz`);
  };
  const tarOf = (word: string): Buffer =>
    makeTar([
      { name: "./boot/vmlinuz-1", content: Buffer.concat([Buffer.from(word), chance.bytes(400_000)]) },
      { name: "./boot/config-1", content: Buffer.from(word) },
    ]);
  const debsOf = async (word: string): Promise<readonly Buffer[]> => {
    const tar = tarOf(word);
    return [makeDeb("data.tar", tar), makeDeb("data.tar.zst", zstdCompressSync(tar)), makeDeb("data.tar.xz", await xz(tar))];
  };
  const [goods, evils] = [await debsOf("good"), await debsOf("evil")];
  const path = join(root, "package.deb");
  const scratch = join(root, "scratch");
  mkdirSync(scratch);
  const outcomes = await raced(async (race) => {
    const [good, evil] = [goods[race % 3] ?? Buffer.alloc(0), evils[race % 3] ?? Buffer.alloc(0)];
    SWAPS[0]?.(path, good);
    return {
      path,
      evil,
      use: async () => {
        await using files = await openDeb(system, path, digestOf(good), join(scratch, "data.tar"), signal);
        const words = [];
        for (const name of ["boot/vmlinuz-1", "boot/config-1"]) words.push((await files.read(name, 2 ** 20)).subarray(0, 4));
        const copy = join(root, `copy-${race}`);
        await files.copyTo("boot/vmlinuz-1", copy, 2 ** 20, signal);
        words.push(readFileSync(copy).subarray(0, 4));
        rmSync(copy);
        return words.every((word) => Buffer.from(word).toString() === "good") ? "good" : "evil";
      },
    };
  });
  expect(Object.keys(outcomes)).toEqual(["good", "refused"]);
  expect(outcomes["refused"]).toBeGreaterThanOrEqual(RACES / 10);
  expect(outcomes["good"]).toBeGreaterThanOrEqual(RACES / 10);
  expect(readdirSync(scratch)).toEqual([]);
});

test("an index that is exchanged while it is read is never taken for the one that was verified", async () => {
  const others = Array.from(
    { length: 800 },
    (_, at) => `\nPackage: other-${at}\nVersion: 1\nDescription: ${chance.bytes(120).toString("base64")}\n`,
  ).join("");
  const world = await openArchiveWorld(root, signers, { editIndex: (text) => text.replaceAll("1.0-2", "9.9-9") + others });
  const evil = readFileSync(world.index);
  await world.write({ editIndex: (text) => text + others });
  const good = readFileSync(world.index);
  mkdirSync(world.system.layout.downloads, { recursive: true });
  const path = join(world.system.layout.downloads, `sha256-${digestOf(good)}`);
  const archive = world.archive();
  const outcomes = await raced(async () => {
    SWAPS[0]?.(path, good);
    return {
      path,
      evil,
      use: async () => ((await archive.findPackage(SUITE, "hello", { signal })).version === "1.0-2" ? "good" : "evil"),
    };
  });
  expect(Object.keys(outcomes)).toEqual(["good", "refused"]);
  // One that was exchanged before it is looked at is fetched anew.
  expect(outcomes["good"]).toBeGreaterThanOrEqual(RACES / 10);
});
