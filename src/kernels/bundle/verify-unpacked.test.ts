import { afterAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSystem } from "../../system/make-system.ts";
import type { Log } from "../../system/system.ts";
import { makeKernelElf } from "../formats/made-elf.ts";
import { verifyUnpacked } from "./verify-unpacked.ts";

const ignore = (): void => undefined;
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const folder = mkdtempSync(join(tmpdir(), "banger-unpacked-"));
const system = makeSystem({ BANGER_HOME: join(folder, "home") }, silent);
afterAll(() => rmSync(folder, { recursive: true }));

const elf = makeKernelElf("Linux version 6.12.1");
const measured = (bytes: Uint8Array) => ({ sha256: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length });
const manifestOf = (kernel: Uint8Array, more: object = {}) => ({
  schema: 1,
  type: "kernel",
  name: "k",
  distro: "d",
  arch: "amd64",
  version: "6.12.1",
  needsAcpi: false,
  acpiReason: "",
  vmlinux: measured(kernel),
  modules: null,
  ...more,
});

/** Why it is no good; undefined when it is. */
async function whyNot(
  kernel: Uint8Array,
  manifest: unknown = manifestOf(kernel),
  more: readonly string[] = [],
): Promise<string | undefined> {
  writeFileSync(join(folder, "vmlinux"), kernel);
  const files = [{ name: "vmlinux", ...measured(kernel) }, ...more.map((name) => ({ name, ...measured(elf) }))];
  const fail = (why: string): never => {
    throw new Error(why);
  };
  const verifying = verifyUnpacked(system, folder, { manifest: JSON.stringify(manifest), files }, fail);
  return verifying.then(
    () => undefined,
    (error: Error) => error.message,
  );
}

test("a bundle that is what it says is right, also one with much behind its kernel", async () => {
  expect(await whyNot(elf)).toBeUndefined();
  expect(await whyNot(Buffer.concat([elf, Buffer.alloc(1_000_000, 7)]))).toBeUndefined();
});

const changed = (at: number, ...bytes: readonly number[]): Buffer => {
  const copy = Buffer.from(elf);
  copy.set(bytes, at);
  return copy;
};

test.each([
  ["random bytes", Buffer.alloc(5000, 3), "it is not a 64-bit ELF file"],
  ["nothing at all", Buffer.alloc(1), "it is not a 64-bit ELF file"],
  ["a program", makeKernelElf("Linux version 6.12.1", { name: "GNU", type: 18 }), "it has no PVH entry point"],
  ["segments outside of it", changed(0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "it points outside of itself"],
  ["too many segments", changed(0x38, 0xff, 0xff), "its segment table is damaged"],
  ["no segments", changed(0x38, 0, 0), "it has no PVH entry point"],
  ["segments without a size", changed(0x36, 0, 0), "its segment table is damaged"],
])("no vm could boot %s", async (_what, kernel, why) => {
  const found = await whyNot(kernel);
  expect(found).toContain("has a vmlinux that no vm could boot");
  expect(found).toContain(why);
});

test("what is in it must be what its manifest says", async () => {
  const other = manifestOf(elf, { vmlinux: measured(Buffer.from("other")) });
  expect(await whyNot(elf, other)).toBe("has another vmlinux than its manifest.json says");
  expect(await whyNot(elf, manifestOf(elf, { modules: { ...measured(elf), names: ["a"] } }))).toBe("has no modules.cpio");
  expect(await whyNot(elf, manifestOf(elf), ["modules.cpio"])).toBe("has files that its manifest.json does not tell of");
  expect(await whyNot(elf, { schema: 1 })).toContain("has a manifest.json that is not as it should be");
});
