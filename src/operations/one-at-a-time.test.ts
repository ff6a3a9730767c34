import { expect, test } from "bun:test";
import { BangerError } from "../contract/errors.ts";
import { makeOneAtATime } from "./one-at-a-time.ts";

const busy = (what: string) => (name: string) =>
  new BangerError("exists", "image_in_making", `${what}: an image ${name} is being made already`);

test("who makes an image of a name that is being made is refused at once, and others are not", async () => {
  const one = makeOneAtATime();
  const { promise, resolve } = Promise.withResolvers<string>();
  const first = one("web", () => promise, busy("cannot build image web"));
  expect(one("web", async () => "second", busy("cannot promote vm dev"))).rejects.toMatchObject({
    code: "image_in_making",
    message: "cannot promote vm dev: an image web is being made already",
  });
  expect(await one("other", async () => "other", busy("cannot build image other"))).toBe("other");
  resolve("first");
  expect(await first).toBe("first");
  // Also after a failure.
  expect(one("web", () => Promise.reject(new Error("no")), busy(""))).rejects.toThrow("no");
  expect(await one("web", async () => "again", busy(""))).toBe("again");
});
