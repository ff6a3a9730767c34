import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { guestPorts, guestStats } from "./guest.ts";

const disk = { totalBytes: 3, usedBytes: 2, availableBytes: 1 };
const stats = {
  uptimeMs: 1,
  cpus: 1,
  cpu: { busyMs: 1, idleMs: 1, stolenMs: 0 },
  memory: { totalBytes: 1, freeBytes: 1, availableBytes: 1 },
  load: [0, 0.5, 12.07],
  processes: 1,
  network: { receivedBytes: 0, sentBytes: 0 },
  root: disk,
  home: null,
};
const port = { protocol: "tcp", address: "0.0.0.0", port: 22, process: { pid: 1, command: "\u001b[2J", user: "root" } };
const ports = { ports: [port], complete: true };

/** The value with one of its leaves replaced, wherever it is. */
function* withLie(value: unknown, lie: unknown): Generator<unknown> {
  if (typeof value !== "object" || value === null) return yield lie;
  for (const [key, part] of Object.entries(value)) {
    for (const changed of withLie(part, lie)) yield Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed };
  }
}

describe("what a guest says", () => {
  test("is taken when it has the right form", () => {
    expect(guestStats.parse({ ...stats, home: disk })).toEqual({ ...stats, home: disk } as never);
    for (const address of ["127.0.0.1", "::", "::1", "::ffff:127.0.0.1", "fe80::1"]) {
      expect(guestPorts.safeParse({ complete: true, ports: [{ ...port, address }] }).success).toBe(true);
    }
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 53, 1e300, 1.5, "1", {}, [], undefined, true].map((lie) => [lie]))(
    "is refused with %p for a number",
    (lie) => {
      // A load may have a fraction, and home is an object where there is one.
      const { load: _load, home: _home, ...others } = stats;
      for (const changed of withLie(others, lie)) expect(guestStats.safeParse({ ...stats, ...(changed as object) }).success).toBe(false);
    },
  );

  test.each(
    [
      [Number.NaN, 0, 0],
      [0, Number.POSITIVE_INFINITY, 0],
      [0, 0, -0.1],
      [0, 0],
      [0, 0, 0, 0],
      ["0", 0, 0],
      [1e10, 0, 0],
    ].map((load) => [load]),
  )("is refused with the load %p", (load) => {
    expect(guestStats.safeParse({ ...stats, load }).success).toBe(false);
  });

  test.each([
    { address: "localhost" },
    { address: "1.2.3.4\u001b[2J" },
    { address: "::1%eth0".repeat(9) },
    { port: 0 },
    { port: 65_536 },
    { protocol: "sctp" },
    { process: { pid: 0, command: "", user: "" } },
    { process: { pid: 2 ** 22 + 1, command: "", user: "" } },
    { process: { pid: 1, command: "x".repeat(129), user: "" } },
    { process: { pid: 1, command: "", user: "x".repeat(33) } },
    { process: { pid: 1, command: "", user: "", more: 1 } },
    { more: 1 },
  ])("is refused with the port %p", (lie) => {
    expect(guestPorts.safeParse({ ...ports, ports: [{ ...port, ...lie }] }).success).toBe(false);
  });

  test("is refused with more ports than there may be", () => {
    expect(guestPorts.safeParse({ ...ports, ports: Array.from({ length: 513 }, () => port) }).success).toBe(false);
  });

  test("makes nothing fall, whatever JSON it is", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.json().map((json) => `{"ports":[${json}],"complete":true}`),
        ),
        (json) => {
          const value: unknown = JSON.parse(json);
          expect([true, false]).toContain(guestStats.safeParse(value).success || guestPorts.safeParse(value).success);
        },
      ),
    );
  });
});
