import { expect, test } from "bun:test";
import { BangerError } from "../contract/errors.ts";
import { parseConfig } from "./config.ts";

const messageOf = (text: string): string => {
  try {
    parseConfig(text, "/c.toml");
  } catch (error) {
    if (error instanceof BangerError) return error.message;
    throw error;
  }
  return "no error";
};

test("an empty config is fine", () => {
  expect(parseConfig("", "/c.toml")).toEqual({ debian: {}, drivers: {}, defaults: {}, logs: {} });
});

test("every key is read, sizes as bytes, durations as milliseconds", () => {
  const text = `
default_image = "debian-bookworm"
[debian]
mirror = "http://mirror.example/debian"
security_mirror = "http://security.example/debian-security"
[drivers]
order = ["qemu"]
[defaults]
memory = "2G"
boot_deadline = "90s"
[logs]
console = "2M"
`;
  expect(parseConfig(text, "/c.toml")).toEqual({
    default_image: "debian-bookworm",
    debian: { mirror: "http://mirror.example/debian", security_mirror: "http://security.example/debian-security" },
    drivers: { order: ["qemu"] },
    defaults: { memory: 2 ** 31, boot_deadline: 90_000 },
    logs: { console: 2 ** 21 },
  });
});

test.each([
  ["a = = 1", "line 1: "],
  ['\ndefault_imag = "x"', "line 2: default_imag: there is no such key"],
  ['[debian]\n\nmirror = "ftp://x"', "line 3: debian.mirror: a mirror is an http or https address"],
  ['[defaults]\nmemory = "much"', 'line 2: defaults.memory: "much" is not a size'],
  ['[defaults]\nboot_deadline = "soon"', 'line 2: defaults.boot_deadline: "soon" is not a duration'],
  ["debian.mirror = 1", "line 1: debian.mirror: "],
])("%p is refused with line and key", (text, part) => {
  expect(messageOf(text)).toContain(part);
});

test("all problems are told at once", () => {
  expect(messageOf('x = 1\n[drivers]\norder = ["vbox"]')).toMatch(/line 3: drivers.order.*line 1: x: /);
});
