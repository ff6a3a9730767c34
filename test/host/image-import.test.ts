/** Root file systems that somebody has as a tar or a folder become images, by the real program; what is no good leaves nothing. */
import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { madeOffers } from "../../src/catalog/offers/made-offers.ts";
import { madeSources } from "../../src/catalog/oci/made-sources.ts";
import type { StoredImage } from "../../src/images/images.ts";
import { makeBundles } from "../../src/catalog/bundle/make-bundles.ts";
import { openFetcher } from "../../src/catalog/fetch/open-fetcher.ts";
import { makeImages } from "../../src/images/make-images.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import { REPOSITORY } from "../support/world.ts";
import { aptArchive } from "./images-apt-archive.ts";
import { makeMemoryLeases } from "./images-memory-leases.ts";
import { recordingContext } from "./images-recording-context.ts";
import { silentLog } from "./images-silent-log.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "banger-import-"));
const at = (...names: readonly string[]): string => join(folder, ...names);
const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: at("home") }, silentLog);
const leases = makeMemoryLeases();
const images = makeImages({
  system,
  offers: madeOffers(),
  archive: aptArchive,
  sources: madeSources(system),
  bundles: makeBundles(system, openFetcher(system, { proxies: {}, advice: "" }), leases),
  placeLayers: async () => join(REPOSITORY, "build/banger-layers"),
  leases,
  uid: process.getuid?.() ?? 0,
});

mkdirSync(at("root/etc"), { recursive: true });
mkdirSync(at("root/usr/lib"), { recursive: true });
writeFileSync(at("root/usr/lib/os-release"), 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n');
symlinkSync("../usr/lib/os-release", at("root/etc/os-release"));
symlinkSync(at("canary"), at("root/etc/leads-out"));
writeFileSync(at("canary"), "not to be seen");
const tar = Bun.spawnSync(["tar", "--create", "--directory", at("root"), "."]).stdout;
const write = (name: string, bytes: Uint8Array): string => {
  writeFileSync(at(name), bytes);
  return at(name);
};

afterEach(async () => {
  for (const { name } of await images.list()) await images.delete(name, () => undefined);
  expect(readdirSync(system.layout.images)).toEqual([]);
  expect(leases.list()).toEqual([]);
  expect(readFileSync(at("canary"), "utf8")).toBe("not to be seen");
});
afterAll(() => rmSync(folder, { recursive: true }));

const take = (from: string, signal?: AbortSignal): Promise<StoredImage> => images.import("mine", from, {}, recordingContext(signal));

describe("a root file system is imported", () => {
  test.each([
    ["from a folder", () => at("root")],
    ["from a link to a folder", () => (symlinkSync(at("root"), at("link")), at("link"))],
    ["from a tar", () => write("root.tar", tar)],
    ["from a tar by gzip", () => write("root.tgz", gzipSync(tar))],
    ["from a tar by zstd", () => write("root.tzst", zstdCompressSync(tar))],
  ])("%s", async (_how, from) => {
    const context = recordingContext();
    const image = await images.import("mine", from(), { kernelRef: "k", init: "systemd" }, context);
    expect(image).toMatchObject({
      name: "mine",
      source: "import",
      distro: "debian-bookworm",
      arch: "amd64",
      kernelRef: "k",
      init: "systemd",
      problems: [],
    });
    expect(context.stages).toEqual(["read", "store"]);
    expect(await images.verify("mine", context.signal)).toEqual([]);
    const { basePath, baseFormat } = await images.parts("mine");
    expect(baseFormat).toBe("erofs");
    expect(Bun.spawnSync(["fsck.erofs", basePath]).exitCode).toBe(0);
    expect(readFileSync(basePath).includes("not to be seen")).toBe(false);
  });

  test("and known again: whoever changes a byte of it is found out", async () => {
    expect((await take(at("root"))).checksum).toMatch(/^blake3:[0-9a-f]{64}$/);
    const { signal } = recordingContext();
    const { basePath } = await images.parts("mine");
    const bytes = readFileSync(basePath);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(basePath, bytes);
    expect(await images.verify("mine", signal)).toEqual(["its base.erofs was changed"]);
    await expect(images.bundle("mine", folder, recordingContext())).rejects.toMatchObject({ code: "image_damaged" });
  });

  test("from a pipe that somebody writes to by and by", async () => {
    Bun.spawnSync(["mkfifo", at("pipe")]);
    const writer = Bun.spawn(["sh", "-c", `(tar -C ${at("root")} -c . && sleep 0.3) > ${at("pipe")}`]);
    expect(await take(at("pipe"))).toMatchObject({ distro: "debian-bookworm" });
    expect(await writer.exited).toBe(0);
  });

  test("once, when two ask for the same at once; another of the name is refused", async () => {
    const [one, other] = await Promise.all([take(at("root")), take(at("root"))]);
    expect(one).toEqual(other);
    await expect(take(at("root"))).rejects.toMatchObject({ code: "image_exists" });
    await images.delete("mine", () => undefined);
    const first = take(at("root"));
    await expect(images.import("mine", write("root.tar", tar), {}, recordingContext())).rejects.toMatchObject({ code: "image_being_made" });
    await first;
  });
});

describe("a bundle is made of a root file system", () => {
  test("which is pulled as what was in it, and leaves no image", async () => {
    mkdirSync(at("bundles"), { recursive: true });
    const context = recordingContext();
    const made = await images.makeBundle("mine", write("root.tar", tar), at("bundles"), { kernelRef: "k" }, context);
    expect(context.stages).toEqual(["read", "verify", "pack"]);
    expect(made).toMatchObject({ name: "mine", distro: "debian-bookworm", arch: "amd64", kernelRef: "k" });
    expect(made.file).toMatch(/^mine-amd64-[0-9a-f]{16}\.tar\.zst$/);
    expect(readdirSync(at("bundles"))).toEqual([made.file]);
    expect(Bun.spawnSync(["tar", "--zstd", "--list", "--file", made.path]).stdout.toString().split("\n")[0]).toBe("manifest.json");
    expect(await images.list()).toEqual([]);
  });

  test("not of one that is longer than was said, and not into no folder", async () => {
    const make = (into: string, maxBytes?: number): Promise<unknown> =>
      images.makeBundle("mine", write("root.tar", tar), into, { maxBytes }, recordingContext());
    await expect(make(at("root"), 4095)).rejects.toMatchObject({ code: "layer_too_large" });
    await expect(make(at("nowhere"))).rejects.toMatchObject({ code: "folder_not_found" });
  });
});

describe("what is no good is refused, and leaves nothing:", () => {
  const nested = (bytes: number): Buffer => Buffer.alloc(bytes, "x");
  test.each([
    ["nothing", () => at("nowhere"), "file_not_found"],
    ["below a file", () => `${at("canary")}/x`, "file_not_found"],
    ["a device", () => "/dev/zero", "file_unreadable"],
    ["an empty file", () => write("empty", Buffer.alloc(0)), "damaged_layer"],
    ["zeros", () => write("zeros", Buffer.alloc(1 << 20)), "damaged_layer"],
    ["a text", () => write("text", nested(5000)), "damaged_layer"],
    ["a tar that was cut off", () => write("cut", tar.subarray(0, 3000)), "damaged_layer"],
    ["one that was cut off between files", () => write("cut2", tar.subarray(0, 1024)), "damaged_layer"],
    ["one by gzip that was cut off", () => write("cut3", gzipSync(tar).subarray(0, 200)), "damaged_layer"],
    ["one by xz", () => write("xz", Bun.spawnSync(["xz", "-c"], { stdin: tar }).stdout), "unsupported_layer"],
    ["a bomb", () => write("bomb", zstdCompressSync(Buffer.alloc(1 << 28))), "damaged_layer"],
    [
      "a folder with what would hide a file",
      () => (mkdirSync(at("odd")), write("odd/.wh.x", Buffer.alloc(1)), at("odd")),
      "unsupported_layer",
    ],
  ])("%s", async (_what, from, code) => {
    const startedMs = performance.now();
    await expect(take(from())).rejects.toMatchObject({ code, hint: expect.any(String) });
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });

  test("a folder, with what to do about one", async () => {
    const from = at("root");
    const most = images.import("mine", from, { maxBytes: 4095 }, recordingContext());
    await expect(most).rejects.toMatchObject({ code: "layer_too_large", hint: `du --apparent-size -x ${from} shows what is in it` });
    mkdirSync(at("hides"));
    write("hides/.wh.x", Buffer.alloc(1));
    const hint = `leave it out, or give it another name, then banger image import mine --from ${at("hides")}`;
    await expect(take(at("hides"))).rejects.toMatchObject({ code: "unsupported_layer", hint });
  });

  test("a pipe that nobody writes to, when it is cancelled", async () => {
    Bun.spawnSync(["mkfifo", at("silent")]);
    const startedMs = performance.now();
    await expect(take(at("silent"), AbortSignal.timeout(300))).rejects.toMatchObject({ code: "cancelled" });
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });
});
