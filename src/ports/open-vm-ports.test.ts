import { expect, test } from "bun:test";
import type { Forward } from "../contract/schemas/forward.ts";
import { openVmPorts, type VmPortsParts } from "./open-vm-ports.ts";

const web: Forward = { address: "127.0.0.1", hostPort: 8080, guestPort: 80, protocol: "tcp", reverse: false };
const dns: Forward = { address: "127.0.0.1", hostPort: 5353, guestPort: 53, protocol: "udp", reverse: false };

/** Places that can be had once each, and what happened in order. */
function openPlaces(taken: Set<number>) {
  const log: string[] = [];
  const wakes: (() => void)[] = [];
  const parts: VmPortsParts = {
    hold: async ({ hostPort, guestPort }) => {
      if (taken.has(hostPort)) throw new Error("taken");
      taken.add(hostPort);
      log.push(`open ${hostPort}:${guestPort}`);
      return {
        ended: new Promise(() => undefined),
        [Symbol.asyncDispose]: async () => {
          await Bun.sleep(1);
          taken.delete(hostPort);
          log.push(`close ${hostPort}:${guestPort}`);
        },
      };
    },
    tell: ({ hostPort }) => `somebody listens on ${hostPort}`,
    clock: {
      sleep: (_ms, signal) => {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        wakes.push(resolve);
        if (signal?.aborted === true) reject(signal.reason);
        signal?.addEventListener("abort", () => reject(signal.reason));
        return promise;
      },
    },
  };
  return { log, parts, wake: () => wakes.splice(0).forEach((each) => each()) };
}

test("what stays is not touched, and a place is left before it leads elsewhere", async () => {
  const { log, parts } = openPlaces(new Set());
  await using ports = openVmPorts([web, dns], parts);
  await ports.tried;
  await ports.set([{ ...web, guestPort: 81 }, dns]);
  expect(log).toEqual(["open 8080:80", "open 5353:53", "close 8080:80", "open 8080:81"]);
  expect(ports.problems).toEqual([]);
  await ports[Symbol.asyncDispose]();
  expect(log.slice(4).toSorted()).toEqual(["close 5353:53", "close 8080:81"]);
});

test("a place that is taken is a problem until it is free", async () => {
  const taken = new Set([8080]);
  const { log, parts, wake } = openPlaces(taken);
  await using ports = openVmPorts([], parts);
  await ports.set([web]);
  expect(ports.problems).toEqual(["somebody listens on 8080"]);
  wake();
  await Bun.sleep(1);
  expect(ports.problems).toHaveLength(1);
  taken.clear();
  wake();
  await Bun.sleep(1);
  expect(ports.problems).toEqual([]);
  expect(log).toEqual(["open 8080:80"]);
});

test("what is not wanted any more while it is waited for is not opened", async () => {
  const taken = new Set([8080]);
  const { log, parts, wake } = openPlaces(taken);
  await using ports = openVmPorts([web], parts);
  await ports.tried;
  await ports.set([]);
  taken.clear();
  wake();
  await Bun.sleep(1);
  expect([ports.problems, log]).toEqual([[], []]);
});
