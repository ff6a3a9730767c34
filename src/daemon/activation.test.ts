import { expect, test } from "bun:test";
import { findListeningDescriptor, findNotifySocket } from "./activation.ts";

test("one socket that is meant for us is taken", () => {
  expect(findListeningDescriptor({ LISTEN_FDS: "1", LISTEN_PID: "42" }, 42)).toBe(3);
});

test("a socket that was meant for who started us is left alone", () => {
  expect(findListeningDescriptor({ LISTEN_FDS: "1", LISTEN_PID: "41" }, 42)).toBeUndefined();
  expect(findListeningDescriptor({ LISTEN_FDS: "1" }, 42)).toBeUndefined();
  expect(findListeningDescriptor({}, 42)).toBeUndefined();
});

test.each(["0", "2", "-1", "one"])("%s sockets are refused", (count) => {
  expect(() => findListeningDescriptor({ LISTEN_FDS: count, LISTEN_PID: "42" }, 42)).toThrow("not one");
});

test("readiness is told to a socket with a path or an abstract one, and to nothing else", () => {
  expect(findNotifySocket({ NOTIFY_SOCKET: "/run/n" })).toBe("/run/n");
  expect(findNotifySocket({ NOTIFY_SOCKET: "@n" })).toBe("@n");
  expect(findNotifySocket({ NOTIFY_SOCKET: "vsock:2:1" })).toBeUndefined();
  expect(findNotifySocket({})).toBeUndefined();
});
