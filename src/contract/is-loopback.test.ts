import { expect, test } from "bun:test";
import { isLoopback } from "./is-loopback.ts";

test.each(["127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1"])("%s is loopback", (address) => {
  expect(isLoopback(address)).toBe(true);
});

test.each(["0.0.0.0", "::", "10.0.2.15", "128.0.0.1", "::2", "fe80::1", "::ffff:10.0.0.1", "::127.0.0.1"])("%s is not", (address) => {
  expect(isLoopback(address)).toBe(false);
});
