import { expect, test } from "bun:test";
import fc from "fast-check";
import { MOST_HEAD_BYTES, readHead } from "./read-head.ts";

const head = (host: string, target = "/"): Buffer => Buffer.from(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, "latin1");

test("the host says which port of which vm", () => {
  expect(readHead(head("8080.dev.localhost:7070", "/a?b"))).toEqual({ vm: "dev", port: 8080 });
  expect(readHead(head("80.my-vm.localhost"))).toEqual({ vm: "my-vm", port: 80 });
  expect(readHead(Buffer.from("OPTIONS * HTTP/1.0\r\nhOST:1.a.localhost\r\nA: b\r\n\r\nbody"))).toEqual({ vm: "a", port: 1 });
});

test.each([
  "",
  "localhost",
  "dev.localhost",
  "8080.localhost",
  "08080.dev.localhost",
  "0.dev.localhost",
  "65536.dev.localhost",
  "99999.dev.localhost",
  "8080.dev.localhost.",
  "8080.dev.localhost.evil.example",
  "8080.dev.localhost@evil.example",
  "evil.example@8080.dev.localhost",
  "8080.DEV.localhost",
  "8080.dev.LOCALHOST",
  "8080.dev.example",
  "8080.dev.localhost:",
  "8080.dev.localhost:123456",
  "8080..localhost",
  "8080.-dev.localhost",
  "8080.a.b.localhost",
  "8080.dev.localhost, 80.other.localhost",
  "8080.d\u00e9v.localhost",
  " 8080.dev.localhost x",
])("a host %j is refused", (host) => {
  expect(readHead(head(host))).toEqual({ wrong: "the host of the request is not PORT.NAME.localhost" });
});

test.each([
  ["two hosts", "GET / HTTP/1.1\r\nHost: 80.a.localhost\r\nHost: 80.b.localhost\r\n\r\n"],
  ["no host", "GET / HTTP/1.1\r\nA: b\r\n\r\n"],
  ["a target with a host of its own", "GET http://80.a.localhost/ HTTP/1.1\r\nHost: 80.a.localhost\r\n\r\n"],
  ["a tunnel", "CONNECT 80.a.localhost:80 HTTP/1.1\r\nHost: 80.a.localhost\r\n\r\n"],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a line that goes on", "GET / HTTP/1.1\r\nHost: 80.a.localhost\r\n x\r\n\r\n"],
  ["a space before the colon", "GET / HTTP/1.1\r\nHost : 80.a.localhost\r\n\r\n"],
  ["lines that end otherwise", "GET / HTTP/1.1\nHost: 80.a.localhost\r\n\r\n"],
  ["TLS", `\x16\x03\x01\x02${"\r\n\r\n"}`],
  ["nothing", "\r\n\r\n"],
])("%s: refused", (_what, text) => {
  expect(readHead(Buffer.from(text, "latin1"))).toEqual({ wrong: expect.any(String) });
});

const upgrade = (origin: string): Buffer =>
  Buffer.from(`GET / HTTP/1.1\r\nHost: 80.dev.localhost:7070\r\nUpgrade: websocket\r\n${origin}\r\n`);

test.each(["", "Origin: http://80.dev.localhost:7070\r\n", "Origin: http://3000.dev.localhost:7070\r\n"])(
  "a WebSocket is opened by a program, and by pages of the same vm: %j",
  (origin) => {
    expect(readHead(upgrade(origin))).toEqual({ vm: "dev", port: 80 });
  },
);

test.each([
  "http://evil.example",
  "http://80.other.localhost:7070",
  "https://80.dev.localhost:7070",
  "http://80.dev.localhost.evil.example",
  "null",
  "http://localhost:3000",
])("a page of %s opens no WebSocket, and may still ask", (origin) => {
  expect(readHead(upgrade(`Origin: ${origin}\r\n`))).toEqual({ wrong: expect.stringContaining("WebSocket") });
  expect(readHead(Buffer.from(`GET / HTTP/1.1\r\nHost: 80.dev.localhost\r\nOrigin: ${origin}\r\n\r\n`))).toEqual({ vm: "dev", port: 80 });
});

test("a head that is not whole is waited for, and one without an end is not", () => {
  const whole = head("80.a.localhost");
  for (let length = 0; length < whole.length; length += 1) expect(readHead(whole.subarray(0, length))).toBeUndefined();
  expect(readHead(Buffer.alloc(MOST_HEAD_BYTES + 1, "a"))).toEqual({ wrong: expect.stringContaining("longer than") });
});

test("whatever is sent means a vm by its one name, or nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (host) => {
      const wanted = readHead(head(host));
      if (wanted === undefined || "wrong" in wanted) return;
      expect(host.trim().replace(/:\d+$/, "")).toBe(`${wanted.port}.${wanted.vm}.localhost`);
    }),
  );
});
