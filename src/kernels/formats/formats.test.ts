import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseModuleInfo } from "../modules/module-info.ts";
import { isBzImage, parseBzImage } from "./bzimage.ts";
import { findCompression } from "./compression.ts";
import { makeCpio, type CpioEntry } from "./cpio.ts";
import { isElf, listElfNotes } from "./elf.ts";
import { findKernelVersion } from "./kernel-banner.ts";
import { parseKernelConfig } from "./kernel-config.ts";
import { makeBzImage, makeKernelElf, makeModule } from "./made-elf.ts";

/** Runs a parser over a right input with one place changed: it answers, or throws an `Error`, and nothing worse. */
function survives(right: Uint8Array, parse: (bytes: Uint8Array) => unknown): void {
  fc.assert(
    fc.property(fc.nat(right.length - 1), fc.uint8Array({ maxLength: 9 }), fc.boolean(), (at, piece, isCut) => {
      const bytes = Buffer.from(right);
      bytes.set(piece.subarray(0, bytes.length - at), at);
      try {
        parse(isCut ? bytes.subarray(0, at) : bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
    { numRuns: 500 },
  );
}

describe("a boot image", () => {
  const kernel = makeKernelElf("Linux version 6.1.0 (x)");
  test("tells its version and where the kernel is", () => {
    const image = parseBzImage(makeBzImage(kernel, "6.1.0-cloud"));
    expect(image.version).toBe("6.1.0-cloud");
    expect(findCompression(image.payload)).toBe("zstd");
  });

  test.each([
    ["of before 2008", (image: Buffer) => image.writeUInt16LE(0x0207, 0x206)],
    ["with a payload outside", (image: Buffer) => image.writeUInt32LE(0xffffffff, 0x24c)],
    ["with a payload that starts outside", (image: Buffer) => image.writeUInt32LE(0xfffffff0, 0x248)],
  ])("%s is refused", (_name, spoil) => {
    const image = makeBzImage(kernel, "6.1.0");
    spoil(image);
    expect(() => parseBzImage(image)).toThrow();
  });

  test("changed anywhere is parsed or refused", () => {
    survives(makeBzImage(kernel, "6.1.0"), parseBzImage);
  });

  test("is not seen in anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => !isBzImage(bytes) && !isElf(Buffer.concat([Buffer.from("x"), bytes]))),
    );
  });
});

describe("an ELF", () => {
  test("tells its notes", () => {
    expect(listElfNotes(makeKernelElf(""))).toEqual([{ name: "Xen", type: 18 }]);
  });

  test("changed anywhere is parsed or refused", () => {
    survives(makeKernelElf("text"), listElfNotes);
  });

  test("of another machine is refused", () => {
    const elf = makeKernelElf("");
    elf.writeUInt16LE(183, 0x12);
    expect(() => listElfNotes(elf)).toThrow("not for x86-64");
  });
});

describe("a module", () => {
  test("tells what it needs", () => {
    const module = makeModule([
      "name=a",
      "depends=net-failover,virtio_ring",
      "softdep=pre: crc32c crypto-x post: later",
      "vermagic=6.1.0 SMP",
    ]);
    expect(parseModuleInfo(module)).toEqual({
      depends: ["net_failover", "virtio_ring"],
      softBefore: ["crc32c", "crypto_x"],
      kernelVersion: "6.1.0",
    });
  });

  test("that needs nothing says so", () => {
    expect(parseModuleInfo(makeModule(["depends="])).depends).toEqual([]);
  });

  test("changed anywhere is parsed or refused", () => {
    survives(makeModule(["depends=a,b", "vermagic=6.1.0"]), parseModuleInfo);
  });

  test("without what modules say is refused", () => {
    expect(() => parseModuleInfo(makeKernelElf(""))).toThrow();
  });
});

test("a kernel's version is found behind words that are not it", () => {
  expect(findKernelVersion(Buffer.from("Linux version %s\0Linux version 6.12.1+x (builder)"))).toBe("6.12.1+x");
  expect(findKernelVersion(Buffer.from("Linux version "))).toBeUndefined();
});

test("a configuration tells what is built in", () => {
  const config = parseKernelConfig('CONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\nCONFIG_D="y"\n');
  expect(["A", "B", "C", "D"].map((option) => config.isBuiltIn(option))).toEqual([true, false, false, false]);
});

describe("a cpio archive", () => {
  const entry: fc.Arbitrary<CpioEntry> = fc.record({
    kind: fc.constant("file" as const),
    name: fc.stringMatching(/^[a-z/]{1,30}$/),
    mode: fc.constantFrom(0o644, 0o755),
    content: fc.uint8Array({ maxLength: 600 }),
  });
  test("holds what was put in, aligned", () => {
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const archive = makeCpio(entries);
        expect(archive.length % 512).toBe(0);
        expect(readCpio(archive)).toEqual(
          entries.map((one) => ({
            name: one.name,
            mode: 0o100000 | one.mode,
            device: [0, 0],
            content: one.kind === "file" ? [...one.content] : [],
          })),
        );
      }),
    );
  });

  test("holds folders and devices", () => {
    const archive = makeCpio([
      { kind: "folder", name: "dev", mode: 0o755 },
      { kind: "character-device", name: "dev/console", mode: 0o600, major: 5, minor: 1 },
    ]);
    expect(readCpio(archive)).toEqual([
      { name: "dev", mode: 0o040755, device: [0, 0], content: [] },
      { name: "dev/console", mode: 0o020600, device: [5, 1], content: [] },
    ]);
  });
});

/** Reads as the kernel does: fields of eight hex digits, names and contents padded to four. */
function readCpio(archive: Uint8Array): unknown {
  const bytes = Buffer.from(archive);
  const entries: unknown[] = [];
  for (let at = 0; ;) {
    expect(bytes.toString("latin1", at, at + 6)).toBe("070701");
    const field = (index: number): number => Number.parseInt(bytes.toString("latin1", at + 6 + index * 8, at + 14 + index * 8), 16);
    const name = bytes.toString("utf8", at + 110, at + 110 + field(11) - 1);
    if (name === "TRAILER!!!") return entries;
    const content = Math.ceil((at + 110 + field(11)) / 4) * 4;
    entries.push({ name, mode: field(1), device: [field(9), field(10)], content: [...bytes.subarray(content, content + field(6))] });
    at = Math.ceil((content + field(6)) / 4) * 4;
  }
}
