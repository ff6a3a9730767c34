import { expect, test } from "bun:test";
import { makeBootstrapProgress } from "./bootstrap-progress.ts";

test("packages are counted up to the sum of both lists, once both are known", () => {
  const progress = makeBootstrapProgress();
  expect(progress("I: running apt-get update...")).toBeUndefined();
  expect(progress("0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.")).toEqual({ done: 0, total: undefined });
  expect(progress("Setting up libc6:amd64 (2.36) ...")).toEqual({ done: 1, total: undefined });
  expect(progress("Setting up bash (5.2) ...")).toEqual({ done: 2, total: undefined });
  expect(progress("0 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.")).toEqual({ done: 2, total: 3 });
  expect(progress("Unpacking git (2.39) ...")).toBeUndefined();
  expect(progress("Setting up git (2.39) ...")).toEqual({ done: 3, total: 3 });
});
