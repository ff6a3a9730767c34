import { describe, expect, test } from "bun:test";
import { DISK_MAX_BYTES, DISK_MIN_BYTES, requireDiskSize } from "./disk-size.ts";

describe("the size of a disk", () => {
  test("is taken in whole blocks", () => {
    expect(requireDiskSize("a layer", 2 ** 30 + 5)).toBe(2 ** 30);
    expect(requireDiskSize("a layer", DISK_MIN_BYTES)).toBe(DISK_MIN_BYTES);
    expect(requireDiskSize("a layer", DISK_MAX_BYTES)).toBe(DISK_MAX_BYTES);
  });

  test.each([0, -1, DISK_MIN_BYTES - 1, DISK_MAX_BYTES + 1, Number.NaN, 1e30, 300e6 + 0.5])(
    "%p is refused with what would be right",
    (bytes) => {
      expect(() => requireDiskSize("a layer", bytes)).toThrow(expect.objectContaining({ kind: "invalid", code: "bad_disk_size" }));
    },
  );
});
