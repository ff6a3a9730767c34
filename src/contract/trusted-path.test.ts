import { expect, test } from "bun:test";
import { foldersAbove, whyNotSeen, whyNotTrusted } from "./trusted-path.ts";

test("the folders above a path are all of them", () => {
  expect(foldersAbove("/run/user/1000/banger")).toEqual(["/", "/run", "/run/user", "/run/user/1000"]);
  expect(foldersAbove("/")).toEqual([]);
});

test.each([
  [{ isLink: false, uid: 0, mode: 0o755 }, undefined],
  [{ isLink: false, uid: 1000, mode: 0o700 }, undefined],
  [{ isLink: false, uid: 0, mode: 0o1777 }, undefined],
  [{ isLink: true, uid: 0, mode: 0o777 }, undefined],
  [{ isLink: false, uid: 1000, mode: 0o775 }, undefined],
  [{ isLink: false, uid: 0, mode: 0o777 }, "everybody may write to /x, which it lies in"],
  [{ isLink: false, uid: 1000, mode: 0o703 }, "everybody may write to /x, which it lies in"],
  [{ isLink: false, uid: 1001, mode: 0o700 }, "/x, which it lies in, belongs to uid 1001"],
  [{ isLink: true, uid: 1001, mode: 0o777 }, "/x, which it lies in, belongs to uid 1001"],
])("%o: %p", (facts, why) => expect(whyNotTrusted("/x", facts, [1000, 0])).toBe(why));

test("a folder that cannot be looked at is not trusted; other failures are not hidden", () => {
  expect(whyNotSeen("/x", Object.assign(new Error("no"), { code: "EACCES" }))).toBe("we may not look at /x");
  expect(() => whyNotSeen("/x", Object.assign(new Error("broken"), { code: "EIO" }))).toThrow("broken");
});
