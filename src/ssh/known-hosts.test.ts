import { expect, test } from "bun:test";
import { withKnownHost } from "./known-hosts.ts";

const present = new Set(["dev.banger", "web.banger"]);

test("a host has one line, its newest, and those that are gone have none", () => {
  const first = withKnownHost("", "dev.banger", "ssh-ed25519 AAAA", present);
  expect(first).toBe("dev.banger ssh-ed25519 AAAA\n");
  const both = withKnownHost(`${first}gone.banger ssh-ed25519 CCCC\n\nrubbish\n`, "web.banger", "ssh-ed25519 BBBB", present);
  expect(both).toBe("dev.banger ssh-ed25519 AAAA\nweb.banger ssh-ed25519 BBBB\n");
  expect(withKnownHost(both, "dev.banger", "ssh-ed25519 DDDD", present)).toBe("web.banger ssh-ed25519 BBBB\ndev.banger ssh-ed25519 DDDD\n");
});

test("the same again changes nothing", () => {
  const text = withKnownHost("", "dev.banger", "ssh-ed25519 AAAA", present);
  expect(withKnownHost(text, "dev.banger", "ssh-ed25519 AAAA", present)).toBe(text);
});
