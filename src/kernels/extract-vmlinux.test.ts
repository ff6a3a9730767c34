import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { makeSystem } from "../system/make-system.ts";
import type { Log, System } from "../system/system.ts";
import { extractVmlinux } from "./extract-vmlinux.ts";
import { makeBzImage, makeKernelElf } from "./formats/made-elf.ts";

const ignore = (): void => undefined;
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: "/tmp/bev-none" }, silent);
const signal = new AbortController().signal;
const kernel = makeKernelElf(`Linux version 6.12.9 (x)${"text ".repeat(5000)}`);
const pack = (input: Uint8Array, program: string, ...words: readonly string[]): Buffer => execFileSync(program, words, { input });

const refusal = (file: Uint8Array, on: System = system): Promise<unknown> =>
  extractVmlinux(on, file, "k", signal).then(
    () => "done",
    (error: { code?: string }) => error.code ?? error,
  );

describe("a boot image", () => {
  // The size word that the build appends is gzip's own last one.
  const packers: readonly (readonly [string, () => Uint8Array])[] = [
    ["zstd", () => zstdCompressSync(kernel)],
    ["gzip", () => gzipSync(kernel).subarray(0, -4)],
    ["xz", () => pack(kernel, "xz", "--check=crc32", "-c")],
    ["lz4", () => pack(kernel, "lz4", "-l", "-c")],
  ];
  test.each(packers.filter(([name]) => name !== "lz4" || system.processes.which("lz4") !== undefined))(
    "packed with %s becomes its ELF",
    async (_name, packed) => {
      const found = await extractVmlinux(system, makeBzImage(kernel, "6.12.9-b", kernel.length, packed()), "k", signal);
      expect(Buffer.from(found.bytes).equals(kernel)).toBe(true);
      expect(found.version).toBe("6.12.9-b");
    },
  );

  test("that claims to be a bomb is not unpacked", async () => {
    expect(await refusal(makeBzImage(kernel, "6", 0xffff_ffff))).toBe("not_a_kernel");
  });

  test.each(["zstd", "xz"])("that is a bomb is stopped: %s", async (how) => {
    const zeros = Buffer.alloc(64 * 2 ** 20);
    const packed = how === "zstd" ? zstdCompressSync(zeros) : pack(zeros, "xz", "-0c");
    expect(await refusal(makeBzImage(kernel, "6", 1000, packed))).toBe("unpacked_too_large");
  });

  test("needs a program that is named when it is missing", async () => {
    const which = (name: string): string | undefined => (name === "xz" ? undefined : system.processes.which(name));
    const without = { ...system, processes: { ...system.processes, which } };
    const image = makeBzImage(kernel, "6", kernel.length, pack(kernel, "xz", "-c"));
    expect(await extractVmlinux(without, image, "k", signal).catch((error: unknown) => error)).toMatchObject({
      code: "program_missing",
      hint: "sudo apt install xz-utils",
    });
  });
});

test("a plain or packed ELF is taken, and says its version itself", async () => {
  for (const file of [kernel, zstdCompressSync(kernel), gzipSync(kernel)]) {
    expect((await extractVmlinux(system, file, "k", signal)).version).toBe("6.12.9");
  }
});

test("a kernel without PVH entry is refused in clear words", async () => {
  const error = await extractVmlinux(system, makeKernelElf("x", { name: "GNU", type: 3 }), "boot/vmlinuz", signal).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ kind: "unsupported", code: "no_pvh_entry" });
  expect(String(error)).toContain("boot/vmlinuz: it has no PVH entry point");
});
