/** A small image as a store has it, with a work seed of 20 GiB of which next to nothing is data: for tests that do not boot it. */
import { createHash, randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { makeTar } from "../../src/catalog/unpack/made-deb.ts";

export const SEED_BYTES = 20 * 2 ** 30;
/** Where in the seed there is something behind its superblock. */
export const SEED_FAR = 15 * 2 ** 30 + 4096;

export interface LittleImage {
  readonly kernelRef?: string | null;
  /** What makes its content another. */
  readonly word?: string;
  /** Of its base and of its seed each, so many bytes that nothing makes smaller. */
  readonly bytes?: number;
}

/** @param store the folder of images. Gives what is in its manifest. */
export function putLittleImage(store: string, name: string, { kernelRef = "debian-6.12", word = "little", bytes = 0 }: LittleImage = {}) {
  const folder = join(store, name);
  mkdirSync(folder, { recursive: true });
  const base = Buffer.concat([Buffer.from("hsqs"), Buffer.alloc(20_000, word), randomBytes(bytes)]);
  writeFileSync(join(folder, "base.squashfs"), base);
  const seed = join(folder, "work-seed.ext4");
  writeFileSync(seed, "");
  truncateSync(seed, SEED_BYTES);
  const file = openSync(seed, "r+");
  writeSync(file, Buffer.from([0x53, 0xef]), 0, 2, 1080);
  writeSync(file, Buffer.concat([Buffer.alloc(5000, word), randomBytes(bytes)]), 0, 5000 + bytes, SEED_FAR);
  closeSync(file);
  const manifest = {
    format: 1,
    source: "debian-archive",
    distro: "debian-bookworm",
    arch: "amd64",
    suite: "bookworm",
    packages: [],
    kernelRef,
    init: "systemd",
    requirements: [{ kind: "tcp", port: 80, name: "web server", deadlineMs: 60_000, hint: null }],
    createdAt: 1,
    base: { format: "squashfs", bytes: base.length, storedBytes: 20_480 + bytes, sha256: createHash("sha256").update(base).digest("hex") },
    workSeed: { bytes: SEED_BYTES, storedBytes: 12_288 + bytes },
    config: { env: ["PATH=/bin"], workingDir: "/srv", user: "www", entrypoint: ["/entry"], cmd: ["serve"] },
  };
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  return manifest;
}

/** An image's bundle as the bundle verb makes one. */
export function makeImageBundle(name: string, word = "little"): Buffer {
  const base = Buffer.concat([Buffer.from("hsqs"), Buffer.alloc(20_000, word)]);
  const manifest = {
    schema: 1,
    type: "image",
    name,
    distro: "debian-bookworm",
    arch: "amd64",
    kernelRef: "debian-6.12",
    init: "agent",
    requirements: [{ kind: "tcp", port: 80, name: "web server", deadlineMs: 60_000, hint: null }],
    config: { env: [], workingDir: "", user: "", entrypoint: [], cmd: [] },
    base: { format: "squashfs", bytes: base.length, sha256: createHash("sha256").update(base).digest("hex"), packed: null },
    workSeed: null,
  };
  const files = [
    { name: "manifest.json", content: Buffer.from(JSON.stringify(manifest)) },
    { name: "base.squashfs", content: base },
  ];
  return zstdCompressSync(makeTar(files));
}
