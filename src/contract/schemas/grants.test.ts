import { expect, test } from "bun:test";
import fc from "fast-check";
import { hostPort, hostPortChange, lanChange, lanNetwork } from "./grants.ts";

test.each([
  [hostPort, "5432", 5432],
  [hostPort, 80, 80],
  [lanNetwork, "192.168.1.0/24", "192.168.1.0/24"],
  [lanNetwork, "192.168.1.7", "192.168.1.7/32"],
  [lanNetwork, "010.001.002.003/08", "10.1.2.3/8"],
  [hostPortChange, "5432-", { value: 5432, isTaken: true }],
  [lanChange, "10.0.0.0/8", { value: "10.0.0.0/8", isTaken: false }],
  [lanChange, "10.0.0.1-", { value: "10.0.0.1/32", isTaken: true }],
])("%# is taken as it is meant", (schema, typed, meant) => {
  expect(schema.parse(typed) as unknown).toEqual(meant);
});

test.each([
  [hostPort, "0"],
  [hostPort, "65536"],
  [hostPort, "80-"],
  [hostPort, "80/tcp"],
  [hostPort, 1.5],
  [lanNetwork, "0.0.0.0/0"],
  [lanNetwork, "10.0.0.0/7"],
  [lanNetwork, "10.0.0.0/33"],
  [lanNetwork, "10.0.0.256/32"],
  [lanNetwork, "10.0.0/24"],
  [lanNetwork, "fd00::/8"],
  [lanNetwork, "router.lan"],
  [lanChange, "10.0.0.0/8--"],
])("%# is refused with what to write", (schema, typed) => {
  const message = schema.safeParse(typed).error?.issues[0]?.message;
  expect(message).toMatch(/write (?:it like 192\.168\.1\.0\/24|a number from 1 to 65535)/);
});

test("whatever is typed, what is taken is four numbers and a length", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const parsed = lanNetwork.safeParse(text);
      if (parsed.success) expect(parsed.data).toMatch(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/);
    }),
  );
});
