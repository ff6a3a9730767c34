import { expect, test } from "bun:test";
import { failuresIn, failureText } from "./failures.mjs";

test("finds the failed tests of bun, each with its own reason", () => {
  const output = [
    "(pass) a [1.00ms]",
    "12 | expect(1).toBe(2);",
    "error: expect(received).toBe(expected)",
    "",
    "Expected: 2",
    "Received: 1",
    "      at /x.ts:12",
    "(fail) the world > is round [3.20ms]",
    "(fail) another",
    "2 tests failed:",
    "(fail) another",
    " 1 pass",
  ].join("\n");
  expect(failuresIn("bun", output)).toEqual([
    { name: "the world > is round", why: ["error: expect(received).toBe(expected)", "Expected: 2", "Received: 1"] },
    { name: "another", why: [] },
  ]);
});

test("says what a program said that failed", () => {
  const output = "error: banger ps ended with 1\nstdout: \nstderr: error: nobody answers\n      at /x.ts:12\n(fail) asks [1.00ms]";
  expect(failuresIn("bun", output)).toEqual([
    { name: "asks", why: ["error: banger ps ended with 1", "stdout: ", "stderr: error: nobody answers"] },
  ]);
});

test("finds the failed tests of cargo", () => {
  const output = [
    "test a ... ok",
    "",
    "failures:",
    "",
    "---- wire::b stdout ----",
    "thread 'b' panicked at x.rs:1:",
    "no",
    "",
    "failures:",
  ].join("\n");
  expect(failuresIn("cargo", output)).toEqual([{ name: "wire::b", why: ["thread 'b' panicked at x.rs:1:", "no"] }]);
});

test("takes the end of what a check said", () => {
  expect(failuresIn("check", "one\n\ntwo\n")).toEqual([{ name: "its last lines", why: ["one", "two"] }]);
});

test("cuts what is long", () => {
  const [failure] = failuresIn("check", `${"x".repeat(5000)}\n`.repeat(100));
  expect(failureText(failure ?? { name: "", why: [] }).length).toBeLessThan(3000);
});
