/** A tar that comes through a pipe becomes a base: by the real program, whoever writes the tar. */
import { afterAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { mergeLayers, type Merged } from "../../src/images/oci/merge-layers.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import { REPOSITORY } from "../support/world.ts";
import { silentLog } from "./images-silent-log.ts";

setDefaultTimeout(60_000);

const PROGRAM = join(REPOSITORY, "build/banger-layers");
const MIB = 2 ** 20;
const folder = mkdtempSync(join(tmpdir(), "banger-stream-"));
const outPath = join(folder, "base.erofs");
const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: join(folder, "home") }, silentLog);
mkdirSync(join(folder, "root/etc"), { recursive: true });
writeFileSync(join(folder, "root/etc/motd"), "hello".repeat(20_000));
const tar = Bun.spawnSync(["tar", "--create", "--directory", join(folder, "root"), "."]).stdout;

beforeEach(() => rmSync(outPath, { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

const merge = (stream: Readable, signal = new AbortController().signal, onProgress = (_: number): void => undefined): Promise<Merged> =>
  mergeLayers(system, PROGRAM, { layers: [{ stream }], outPath, what: "cannot import image x" }, signal, onProgress);

/** In pieces that fit no block. */
function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 999) yield bytes.subarray(at, at + 999);
}

/** A header of a file of so many bytes, and zeros for as long as anybody wants them. */
async function* endless(bytes: number, given: { count: number }): AsyncGenerator<Uint8Array> {
  const header = Buffer.alloc(512);
  header.write("big\0");
  header.write("0000644\0", 100);
  header.write(`${bytes.toString(8).padStart(11, "0")}\0`, 124);
  header.write("0ustar\x0000", 156);
  header.fill(" ", 148, 156);
  header.write(
    header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0"),
    148,
  );
  yield header;
  const zeros = new Uint8Array(MIB);
  for (;;) {
    given.count += zeros.length;
    yield zeros;
  }
}

describe("a tar through a pipe", () => {
  test.each([
    ["plain", tar],
    ["by gzip", gzipSync(tar)],
    ["by zstd", zstdCompressSync(tar)],
  ])("%s becomes a base", async (_how, bytes) => {
    const merged = await merge(Readable.from(pieces(bytes)));
    expect(merged).toMatchObject({ entries: 3, bytes: Bun.file(outPath).size });
    expect(Bun.spawnSync(["fsck.erofs", outPath]).exitCode).toBe(0);
  });

  test("beside a layer that has a path, whose files it hides", async () => {
    writeFileSync(join(folder, "below.tar"), tar);
    const layers = [{ path: join(folder, "below.tar") }, { stream: Readable.from([tar]) }];
    const wanted = { layers, outPath, what: "cannot import image x" };
    expect(await mergeLayers(system, PROGRAM, wanted, new AbortController().signal, () => undefined)).toMatchObject({ entries: 3 });
  });

  test("that ends too early is refused, and so is one that is none", async () => {
    for (const bytes of [
      tar.subarray(0, 1024),
      tar.subarray(0, 4000),
      gzipSync(tar.subarray(0, 2048)),
      Buffer.alloc(4096),
      Buffer.alloc(0),
    ])
      await expect(merge(Readable.from([bytes]))).rejects.toMatchObject({ kind: "refused", code: "damaged_layer" });
  });

  test("is not waited for any longer once it is refused", async () => {
    const stream = new Readable({ read: () => undefined });
    stream.push(Buffer.alloc(4096, "x"));
    await expect(merge(stream)).rejects.toMatchObject({ code: "damaged_layer" });
    expect(stream.destroyed).toBe(true);
  });

  test("that fails is told in its own words", async () => {
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield tar.subarray(0, 1024);
      await Bun.sleep(50);
      throw new Error("the guest went away");
    };
    await expect(merge(Readable.from(failing()))).rejects.toThrow("the guest went away");
    const stream = new Readable({ read: () => undefined });
    stream.push(tar.subarray(0, 1024));
    setTimeout(() => stream.destroy(), 50);
    await expect(merge(stream)).rejects.toThrow("it broke off");
  });

  test("waits for the program, and ends with a cancel", async () => {
    const given = { count: 0 };
    const cancel = new AbortController();
    let read = 0;
    const stream = Readable.from(endless(8 * 2 ** 30 - 1, given), { objectMode: false });
    const merging = merge(stream, cancel.signal, (bytes) => {
      read = bytes;
      if (bytes > 64 * MIB) cancel.abort();
    });
    await expect(merging).rejects.toMatchObject({ code: "cancelled" });
    expect(given.count - read).toBeLessThan(256 * MIB);
    expect(stream.destroyed).toBe(true);
  });
});
