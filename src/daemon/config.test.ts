import { expect, test } from "bun:test";
import { BangerError } from "../contract/errors.ts";
import { makeSigningKey } from "../catalog/signing/signing-key.ts";
import { parseConfig } from "./config.ts";

const KEY = makeSigningKey().public.text;

const messageOf = (text: string): string => {
  try {
    parseConfig(text, "/c.toml");
  } catch (error) {
    if (error instanceof BangerError) return error.message;
    throw error;
  }
  return "no error";
};

const inConfig = (name: string): string => `[[catalogs]]\nname = "${name}"\nurl = "/x"\nkeys = ["${KEY}"]`;

test("an empty config is fine", () => {
  expect(parseConfig("", "/c.toml")).toEqual({
    debian: {},
    drivers: {},
    defaults: {},
    network: {},
    logs: {},
    kernel_build: {},
    ssh: {},
    proxy: {},
    registries: {},
    catalogs: [],
  });
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
[network]
mode = "rootless"
[logs]
console = "2M"
[kernel_build]
mirror = "https://mirror.example/pub/linux/kernel"
keyservers = ["https://keys.example"]
[ssh]
key = "/home/me/.ssh/id_ed25519"
[proxy]
listen = "[::1]:7070"
[registries."docker.io"]
mirrors = ["mirror.example:5000"]
[registries."reg.example:5000"]
plain_http = true
[[catalogs]]
name = "acme"
url = "https://acme.example/kernels/"
keys = ["${KEY}"]
[[catalogs]]
name = "here"
url = "/srv/catalog.json"
keys = ["${KEY}"]
`;
  expect(parseConfig(text, "/c.toml")).toEqual({
    default_image: "debian-bookworm",
    debian: { mirror: "http://mirror.example/debian", security_mirror: "http://security.example/debian-security" },
    drivers: { order: ["qemu"] },
    defaults: { memory: 2 ** 31, boot_deadline: 90_000 },
    network: { mode: "rootless" },
    logs: { console: 2 ** 21 },
    kernel_build: { mirror: "https://mirror.example/pub/linux/kernel", keyservers: ["https://keys.example"] },
    ssh: { key: "/home/me/.ssh/id_ed25519" },
    proxy: { listen: { address: "::1", port: 7070 } },
    registries: { "docker.io": { mirrors: ["mirror.example:5000"] }, "reg.example:5000": { plain_http: true } },
    catalogs: [
      { name: "acme", url: "https://acme.example/kernels/catalog.json", keys: [KEY] },
      { name: "here", url: "file:///srv/catalog.json", keys: [KEY] },
    ],
  });
});

test.each([
  ["a = = 1", "line 1: "],
  ['[proxy]\nlisten = "7070"', "line 2: proxy.listen: must be an address and a port"],
  ['[proxy]\nlisten = "localhost:7070"', "line 2: proxy.listen: must be an address and a port"],
  ['[proxy]\nlisten = "127.0.0.1:0"', "line 2: proxy.listen: must be an address and a port"],
  ['\ndefault_imag = "x"', "line 2: default_imag: there is no such key"],
  ['[debian]\n\nmirror = "ftp://x"', "line 3: debian.mirror: a mirror is an http or https address"],
  ['[defaults]\nmemory = "much"', 'line 2: defaults.memory: "much" is not a size'],
  ['[defaults]\nboot_deadline = "soon"', 'line 2: defaults.boot_deadline: "soon" is not a duration'],
  ['[kernel_build]\nkeyservers = ["hkp://x"]', "line 2: kernel_build.keyservers"],
  ["debian.mirror = 1", "line 1: debian.mirror: "],
  ["[defaults]\nmemory = 2048", "line 2: defaults.memory: must be a size with its unit, such as 2G"],
  ['[defaults]\nmemory = "2048"', "line 2: defaults.memory: must be a size with its unit, such as 2G"],
  ['[defaults]\nmemory = "64M"', "line 2: defaults.memory: a vm has at least 128M of memory"],
  ['[defaults]\ndisk = "900T"', "line 2: defaults.disk: a disk has at most 15T"],
  ['[defaults]\nwork_disk = "1M"', "line 2: defaults.work_disk: a disk has at least 256 MiB"],
  ['[registries."docker.io"]\nmirrors = ["https://x"]', "line 2: registries.docker.io.mirrors.0: a registry is a host"],
  ['\n[registries."reg.example:5000"]\nplain = true', "line 3: registries.reg.example:5000.plain: there is no such key"],
  ['[registries."Docker.io"]\nplain_http = true', "line 1: registries.Docker.io: a registry is a host"],
  ['[[catalogs]]\nname = "banger"', "line 2: catalogs.0.name: the catalog inside the program is called banger"],
  ['[[catalogs]]\nname = "a"\n[[catalogs]]\nname = "B"', "line 4: catalogs.1.name: the name of a catalog has"],
  ['[[catalogs]]\nname = "a"\nurl = "../x"', 'line 3: catalogs.0.url: cannot use the address "../x": it is none; write https://'],
  ['[[catalogs]]\nname = "a"\nurl = "https://me:secret@x/"', "line 3: catalogs.0.url: cannot use the address"],
  ['[[catalogs]]\nname = "a"\nurl = "/x"\nkeys = ["RWx"]', "line 4: catalogs.0.keys.0: is no public key of minisign"],
  ['[[catalogs]]\nname = "a"\nurl = "/x"\nkeys = []', "line 4: catalogs.0.keys: without a key nothing of it could be believed"],
  ['\n[[catalogs]]\nname = "a"\nurl = "/x"', "line 2: catalogs.0.keys: "],
  [`${inConfig("a")}\n${inConfig("a")}`, "line 6: catalogs.1.name: there is a catalog a above"],
  ['[catalogs]\nname = "a"', "line 1: catalogs: "],
])("%p is refused with line and key", (text, part) => {
  expect(messageOf(text)).toContain(part);
});

test("all problems are told at once", () => {
  const text = `x = 1
[drivers]
order = ["vbox"]
qemu_binary = "qemu"
y = 2
[defaults]
memory = 5
z = 1
[logs]
console = "1K"
`;
  const found = messageOf(text).match(/line \d+: [\w.]+/g);
  expect(found).toEqual([
    "line 1: x",
    "line 3: drivers.order.0",
    "line 4: drivers.qemu_binary",
    "line 5: drivers.y",
    "line 7: defaults.memory",
    "line 8: defaults.z",
    "line 10: logs.console",
  ]);
});
