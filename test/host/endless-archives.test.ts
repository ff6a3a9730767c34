/** Archives that never end, or that unpack to very much: they are stopped soon, and in little memory. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { ArchivePlan } from "../../src/catalog/debian/made-archive.ts";
import { openSigners, openArchiveWorld, systemOf, type ArchiveWorld } from "../../src/catalog/debian/test-archive-world.ts";
import { peakOf } from "../support/peak-of.ts";

setDefaultTimeout(120_000);

const MIB = 2 ** 20;
const { root, signers } = await openSigners("/tmp/ben-");
const system = systemOf(join(root, "making"));

interface EndlessCase {
  readonly code: string;
  readonly plan?: Partial<ArchivePlan>;
  /** What is served without an end after what is there: its path ends so. */
  readonly endless?: string;
  /** Packs the index anew and signs it. */
  readonly index?: () => Promise<Buffer>;
}

/** xz of a text again and again. */
async function packed(text: string, mib: number): Promise<Buffer> {
  const part = text.repeat(Math.ceil(MIB / text.length));
  const parts: Uint8Array[] = [];
  await using child = await system.processes.start(["xz", "-0c"], { timeoutMs: 60_000 });
  const read = (async () => {
    for await (const some of child.stdout as AsyncIterable<Uint8Array>) parts.push(some);
  })();
  for (let count = 0; count < mib; count += 1)
    if (!child.stdin.write(part)) await new Promise((resolve) => child.stdin.once("drain", resolve));
  child.stdin.end();
  await read;
  return Buffer.concat(parts);
}

/** The same stream, whose first block says that unpacking it takes a dictionary of 1 GiB. */
function withLargeDictionary(xz: Buffer): Buffer {
  const changed = Buffer.from(xz);
  const block = 12;
  const bytes = ((changed[block] ?? 0) + 1) * 4;
  const filter = changed.indexOf(Buffer.from([0x21, 1]), block);
  changed[filter + 2] = 36;
  changed.writeUInt32LE(crc32(changed.subarray(block, block + bytes - 4)), block + bytes - 4);
  return changed;
}

const CASES: Readonly<Record<string, EndlessCase>> = {
  "an InRelease without an end": { code: "longer_than_allowed", endless: "/InRelease" },
  "an index without an end": { code: "size_mismatch", endless: "/Packages.xz" },
  "a package without an end": { code: "size_mismatch", endless: "/hello_2.deb" },
  "an index that becomes a line without an end": { code: "archive_not_understood", index: () => packed("x", 200) },
  "an index that becomes empty lines": { code: "unpacked_too_large", index: () => packed("\n", 200) },
  "an index that becomes zeros": { code: "archive_not_understood", index: () => packed("\0", 200) },
  "an index of other packages": { code: "unpacked_too_large", index: () => packed("Package: other\nVersion: 1\n\n", 200) },
  "an index whose dictionary is too large": {
    code: "damaged_archive",
    index: async () => withLargeDictionary(await packed("Package: other\nVersion: 1\n\n", 200)),
  },
};

/** Serves an archive, and goes on for ever after one of its files. */
function serve(world: ArchiveWorld, endless: string | undefined) {
  const part = new Uint8Array(65_536).fill(65);
  return Bun.serve({
    port: 0,
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      const content = readFileSync(join(world.mirror, pathname));
      if (endless === undefined || !pathname.endsWith(endless)) return new Response(content);
      return new Response(
        (async function* () {
          yield content;
          for (;;) {
            await new Promise((resolve) => setImmediate(resolve));
            yield part;
          }
        })(),
      );
    },
  });
}

describe("an archive is stopped soon and in little room with", () => {
  test.each(Object.entries(CASES))("%s", async (_what, { code, endless, index }) => {
    const xz = await index?.();
    const world = await openArchiveWorld(root, signers, {
      editRelease: (text) => {
        if (xz === undefined) return text;
        const digest = new Bun.CryptoHasher("sha256").update(xz).digest("hex");
        // The unpacked one is not named, so that nothing but the general limit ends it.
        return text.replace(/^ .*Packages\n/m, "").replace(/ [0-9a-f]{64} \d+ (main\S*Packages\.xz)/, ` ${digest} ${xz.length} $1`);
      },
    });
    if (xz !== undefined) writeFileSync(world.index, xz);
    const server = serve(world, endless);
    try {
      const words = [process.execPath, join(import.meta.dir, "walk-archive.ts"), world.home, server.url.href];
      const child = Bun.spawn([...words, signers.keyring, signers.debian.fingerprint], { stdout: "pipe", stderr: "inherit" });
      const started = performance.now();
      const [answer, peak] = await Promise.all([new Response(child.stdout).json(), peakOf(child.pid, child.exited)]);
      console.log(code, Math.round(performance.now() - started), "ms", Math.round(peak / MIB), "MiB");
      expect(answer).toMatchObject({ code, hint: expect.any(String) });
      expect(performance.now() - started).toBeLessThan(5000);
      expect(peak).toBeLessThan(256 * MIB);
      const left = (await system.files.list(world.system.layout.downloads)).filter(
        (name) => name.endsWith(".part") || name.startsWith("."),
      );
      expect(left).toEqual([]);
      expect(readFileSync(join(world.home, "canary/link"), "utf8")).toBe("untouched");
    } finally {
      await server.stop(true);
    }
  });
});
