import { describe, expect, test } from "bun:test";
import { findRange, findUserName, freeRange, isLargeEnough } from "./subordinate-ids.ts";

const TABLE = "# ranges\nada:100000:65536\n\nbob:165536:1000\nada:300000:65536\n";

describe("subordinate ids", () => {
  test("a user's name is found by id", () => {
    expect(findUserName("root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n", 1000)).toBe("ada");
    expect(findUserName("root:x:0:0::/root:/bin/sh\n", 1000)).toBeUndefined();
  });

  test("the first range of a user counts", () => {
    expect(findRange(TABLE, "ada")).toMatchObject({ start: 100_000, count: 65_536 });
    expect(findRange(TABLE, "eve")).toBeUndefined();
  });

  test("a range must hold the ids of a whole image", () => {
    expect(isLargeEnough(findRange(TABLE, "ada"))).toBe(true);
    expect(isLargeEnough(findRange(TABLE, "bob"))).toBe(false);
    expect(isLargeEnough(undefined)).toBe(false);
  });

  test("the range to type is nobody's", () => {
    expect(freeRange([TABLE, ""])).toBe("365536-431071");
    expect(freeRange(["", ""])).toBe("100000-165535");
  });
});
