import { expect, test } from "bun:test";
import { makeOneAtATime } from "./one-at-a-time.ts";

test("who makes an image of a name that is being made is refused at once, and others are not", async () => {
  const one = makeOneAtATime();
  const { promise, resolve } = Promise.withResolvers<string>();
  const first = one("web", "cannot build image web", () => promise);
  expect(one("web", "cannot promote vm dev", async () => "second")).rejects.toMatchObject({
    code: "image_in_making",
    message: "cannot promote vm dev: an image web is being made already",
  });
  expect(await one("other", "cannot build image other", async () => "other")).toBe("other");
  resolve("first");
  expect(await first).toBe("first");
  // Also after a failure.
  expect(one("web", "", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await one("web", "", async () => "again")).toBe("again");
});
