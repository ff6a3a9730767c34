import { expect, test } from "bun:test";
import { BangerError } from "../contract/errors.ts";
import type { System } from "../system/system.ts";
import { makeNetwork } from "./make-network.ts";
import type { LinkWish } from "./network.ts";
import { NO_GRANTS } from "./rules.ts";

const never = new AbortController().signal;
const WISH: LinkWish = { wanted: true, unsafe: false, grants: NO_GRANTS };

/** A computer on which nothing but QEMU's own network can be had, and nothing is to be done. */
function makeComputer(): System {
  const processes = { which: (program: string) => (program === "pasta" ? undefined : `/usr/bin/${program}`), findByArgument: () => [] };
  const files = { mayUse: () => true, find: async () => undefined, readText: async () => "nameserver 192.0.2.7\nsearch a.test\n" };
  const sockets = { connect: () => Promise.reject(new BangerError("unavailable", "socket_refused", "there is nobody")) };
  return { processes, files, sockets, layout: { network: "/nowhere/net" } } as unknown as System;
}

const network = makeNetwork({
  system: makeComputer(),
  mode: "auto",
  uid: 1000,
  placeHelper: () => Promise.reject(new Error("it is not wanted")),
});

test("a way out that isolates nothing is refused, with what it exposes and what to type", async () => {
  const error = (await network.openLink("0123456789ab", WISH, never).catch((thrown: unknown) => thrown)) as BangerError;
  expect(error).toMatchObject({ kind: "refused", code: "network_unsafe" });
  expect(error.message).toContain("pasta is not installed");
  expect(error.message).toContain("what listens on its loopback (127.0.0.1, at 10.0.2.2), the local network");
  expect(error.hint).toBe("sudo apt install passt; or --unsafe-net, for a guest that you trust with that");
  expect(await network.findUnsafe(false, never)).toEqual({ message: error.message, hint: error.hint ?? "" });
});

test("who asks for it gets it, and is told again what it exposes", async () => {
  const link = await network.openLink("0123456789ab", { ...WISH, unsafe: true }, never);
  expect(link).toMatchObject({
    mode: "user",
    why: "pasta is not installed",
    end: { kind: "user", mac: "52:54:00:01:23:45" },
    guest: { address: "10.0.2.15/24", search: ["a.test"] },
  });
  expect(link.notice).toStartWith("pasta is not installed, so that QEMU's own network is used, and the guest reaches all");
  expect(link.notice).toEndWith("To close that: sudo apt install passt");
});

test("who wants no way out gets no card, whatever there is", async () => {
  expect(await network.openLink("0123456789ab", { ...WISH, wanted: false }, never)).toMatchObject({ mode: "none", end: { kind: "none" } });
});

test("the probe says what is missing", async () => {
  const [probe] = network.probes();
  expect(await probe?.look(never)).toEqual({
    status: "missing",
    detail: "pasta is not installed; --nat is refused without --unsafe-net",
    hint: "sudo apt install passt",
  });
});
