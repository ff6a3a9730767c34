import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseResolvConf } from "./resolv-conf.ts";

test("the first server by IPv4 and the search domains are taken, without comments", () => {
  const text =
    "# made by hand\nsearch example.org corp.example.org\nnameserver 2001:db8::1\nnameserver 192.0.2.1 # first\nnameserver 192.0.2.2\noptions edns0\n";
  expect(parseResolvConf(text)).toEqual({ server: "192.0.2.1", search: ["example.org", "corp.example.org"] });
});

test("a stub on the host's loopback is a server like any other: pasta asks it", () => {
  expect(parseResolvConf("nameserver 127.0.0.53\n").server).toBe("127.0.0.53");
});

test("the last search or domain wins, and what is no domain is left out", () => {
  expect(parseResolvConf("search a.test\ndomain b.test $(x)\n").search).toEqual(["b.test"]);
});

test("any text gives something a guest can be told", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const { server, search } = parseResolvConf(text);
      if (server !== undefined) expect(server).toMatch(/^[\d.]+$/);
      for (const domain of search) expect(domain).toMatch(/^[A-Za-z0-9.-]+$/);
    }),
  );
});
