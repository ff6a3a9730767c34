import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Forward, formatForward, isSamePlace, parseForward } from "./forward.ts";

const local = { address: "127.0.0.1", protocol: "tcp", reverse: false } as const;

test("a forward is a port of the host and one of the guest, and may name an address and a protocol", () => {
  expect(parseForward("8080:80")).toEqual({ ...local, hostPort: 8080, guestPort: 80 });
  expect(parseForward("0:80/tcp")).toEqual({ ...local, hostPort: 0, guestPort: 80 });
  expect(parseForward("0.0.0.0:8080:80")).toEqual({ ...local, address: "0.0.0.0", hostPort: 8080, guestPort: 80 });
  expect(parseForward("[::1]:5353:53/udp")).toEqual({ ...local, address: "::1", protocol: "udp", hostPort: 5353, guestPort: 53 });
});

test("an IPv6 address is the same however it is written", () => {
  expect(parseForward("[0:0:0:0:0:0:0:1]:80:80")).toEqual(parseForward("[::1]:80:80"));
  expect(parseForward("[FE80::0:1]:80:80")).toEqual(parseForward("[fe80::1]:80:80"));
});

test.each([
  ["", "is no forward"],
  ["80", "is no forward"],
  ["80:", "is no forward"],
  [":80:80", "no IP address"],
  ["80:80/sctp", "is no forward"],
  ["80:80/UDP", "is no forward"],
  ["localhost:80:80", 'names "localhost", which is no IP address'],
  ["::1:80:80", "is no forward"],
  ["[127.0.0.1]:80:80", "no IP address"],
  ["[::1:80:80", "is no forward"],
  ["[fe80::1%eth0]:80:80", "no IP address"],
  ["[::ffff:127.0.0.1]:80:80", "no IP address"],
  ["1.2.3:80:80", "no IP address"],
  ["80:0", "has a port that there is not"],
  ["65536:1", "has a port that there is not"],
  ["1:99999", "has a port that there is not"],
  ["-1:80", "is no forward"],
  [" 80:80", "is no forward"],
  ["80:80\n", "is no forward"],
])("%j is refused, and it is said why", (text, why) => {
  expect(parseForward(text)).toEqual({ wrong: expect.stringContaining(why) });
});

const port = fc.integer({ min: 1, max: 65_535 });
const forwards: fc.Arbitrary<Forward> = fc.record({
  address: fc.oneof(fc.ipV4(), fc.constantFrom("::", "::1", "fe80::1", "2001:db8::2")),
  hostPort: fc.oneof(port, fc.constant(0)),
  guestPort: port,
  protocol: fc.constantFrom("tcp" as const, "udp" as const),
  reverse: fc.constant(false),
});

test("what is formatted is parsed to the same", () => {
  fc.assert(fc.property(forwards, (forward) => expect(parseForward(formatForward(forward))).toEqual(forward)));
});

const CHARACTERS = Array.from("[]:/.0123456789udpcx ");

test("no text makes the parser throw", () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...CHARACTERS) }), (text) => void parseForward(text)));
});

test("two forwards clash by where they listen, not by where they lead", () => {
  const one: Forward = { ...local, hostPort: 80, guestPort: 80 };
  expect(isSamePlace(one, { ...one, guestPort: 81 })).toBe(true);
  expect(isSamePlace(one, { ...one, protocol: "udp" })).toBe(false);
  expect(isSamePlace(one, { ...one, address: "0.0.0.0" })).toBe(false);
  const back: Forward = { ...one, reverse: true };
  expect(isSamePlace(one, back)).toBe(false);
  expect(isSamePlace(back, { ...back, hostPort: 81 })).toBe(true);
  expect(isSamePlace(back, { ...back, guestPort: 81 })).toBe(false);
});
