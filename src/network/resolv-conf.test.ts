import { describe, expect, test } from "bun:test";
import { chooseResolvers, parseResolvConf } from "./resolv-conf.ts";

describe("resolv.conf", () => {
  test("gives servers and search domains, without comments", () => {
    expect(
      parseResolvConf(
        "# made by hand\nsearch example.org corp.example.org\nnameserver 192.0.2.1 # first\nnameserver 2001:db8::1\noptions edns0\n",
      ),
    ).toEqual({
      servers: ["192.0.2.1", "2001:db8::1"],
      search: ["example.org", "corp.example.org"],
    });
  });

  test("keeps three servers, the last search list, and no word that is no domain", () => {
    const text = "domain old.org\nnameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\nnameserver 4.4.4.4\nsearch a.org $(x) .\n";
    expect(parseResolvConf(text)).toEqual({ servers: ["1.1.1.1", "2.2.2.2", "3.3.3.3"], search: ["a.org"] });
  });

  test("is empty when the file is", () => {
    expect(parseResolvConf("")).toEqual({ servers: [], search: [] });
  });
});

describe("the resolvers of a guest", () => {
  const of = (...servers: string[]) => ({ servers, search: ["a.org"] });

  test("are the host's", () => {
    expect(chooseResolvers([of("192.0.2.1", "192.0.2.2"), of("198.51.100.1")], ["192.0.2.9"])).toEqual(of("192.0.2.1", "192.0.2.2"));
  });

  test("are those behind a stub on the loopback", () => {
    expect(chooseResolvers([of("127.0.0.53"), of("198.51.100.1")], []).servers).toEqual(["198.51.100.1"]);
  });

  test("are none when there is only loopback and IPv6", () => {
    expect(chooseResolvers([of("127.0.0.1", "::1", "2001:db8::1"), of()], []).servers).toEqual([]);
  });

  test("are not at the host's own main address, which ends in the namespace of the link", () => {
    expect(chooseResolvers([of("192.0.2.9", "192.0.2.1")], ["192.0.2.9"]).servers).toEqual(["192.0.2.1"]);
    expect(chooseResolvers([of("192.0.2.9"), of("198.51.100.1")], ["192.0.2.9"]).servers).toEqual(["198.51.100.1"]);
    expect(chooseResolvers([of("192.0.2.9")], ["192.0.2.9"]).servers).toEqual([]);
  });
});
