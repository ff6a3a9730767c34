import { expect, test } from "bun:test";
import { envOf } from "./env-of.ts";

test("the environment of an image, without what no shell would take", () => {
  expect(envOf(["PATH=/bin", "A=b=c", "A=last", "EMPTY="])).toEqual({ PATH: "/bin", A: "last", EMPTY: "" });
  expect(envOf(["", "=x", "noequals", "1A=x", "a b=x", "N=a\0b", "LONG=" + "x".repeat(40_000)])).toEqual({});
  expect(Object.keys(envOf(["__proto__=x", "constructor=y"]))).toEqual(["__proto__", "constructor"]);
});
