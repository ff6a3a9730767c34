/** Keys, signing and checking of catalogs by the command line, with the real minisign beside it. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openHome, type Home } from "./home.ts";
import { openTerminal } from "./open-terminal.ts";

// Several programs start here, on computers that may be busy.
setDefaultTimeout(60_000);

const kernel = (name: string) => ({
  type: "kernel",
  name,
  distro: "banger",
  arch: "amd64",
  description: name,
  build: { version: "6.12" },
});

interface Shop extends AsyncDisposable {
  readonly home: Home;
  readonly at: (name: string) => string;
  readonly read: (name: string) => string;
  readonly minisign: (...words: readonly string[]) => { readonly code: number; readonly said: string };
}

/** A folder with a key and a draft of a catalog. */
async function openShop(): Promise<Shop> {
  const home = openHome();
  const at = (name: string): string => join(home.path, name);
  expect(await home.banger(["catalog", "keygen", at("acme.key")])).toMatchObject({ code: 0, stderr: "" });
  writeFileSync(at("catalog.json"), JSON.stringify({ schema: 1, entries: [kernel("zeta"), kernel("alpha")], name: "acme" }));
  return {
    home,
    at,
    read: (name) => readFileSync(at(name), "utf8"),
    minisign: (...words) => {
      const { exitCode, stdout, stderr } = Bun.spawnSync(["minisign", ...words], { cwd: home.path });
      return { code: exitCode, said: String(stdout) + String(stderr) };
    },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

test("a catalog is signed and found good, by minisign too, and a changed one by nobody", async () => {
  await using shop = await openShop();
  const { home, at, read, minisign } = shop;
  expect(statSync(at("acme.key")).mode & 0o777).toBe(0o600);
  const signed = await home.banger(["catalog", "sign", at("catalog.json"), "--secret-key", at("acme.key"), "--valid-for", "90d"]);
  expect(signed).toEqual({
    code: 0,
    stdout: expect.stringMatching(
      /^signed catalog\.json of acme, version 1, 2 entries, good until \S+Z with key [0-9A-F]{16}\nthe signature: \S+catalog\.json\.minisig\n$/,
    ),
    stderr: "",
  });
  expect((JSON.parse(read("catalog.json")) as { entries: { name: string }[] }).entries.map(({ name }) => name)).toEqual(["alpha", "zeta"]);
  const verify = ["catalog", "verify", at("catalog.json"), "--key", at("acme.key.pub")];
  expect(await home.banger(verify)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^good: catalog\.json of acme, version 1, 2 entries/),
  });
  const [, publicKey = ""] = read("acme.key.pub").split("\n");
  expect((await home.banger([...verify.slice(0, 3), "--key", publicKey, "--json"])).stdout).toContain('"signedBy":["');
  expect(minisign("-V", "-p", "acme.key.pub", "-m", "catalog.json")).toMatchObject({
    code: 0,
    said: expect.stringMatching(/Trusted comment: timestamp:\d+\tcatalog:acme\tversion:1/),
  });

  // Signed again as it is, it stays what it is; made anew, it is the next version.
  const before = read("catalog.json");
  await home.banger(["catalog", "sign", at("catalog.json"), "-s", at("acme.key")]);
  expect(read("catalog.json")).toBe(before);
  await home.banger(["catalog", "sign", at("catalog.json"), "-s", at("acme.key"), "--valid-for", "1d"]);
  expect(JSON.parse(read("catalog.json"))).toMatchObject({ version: 2 });

  writeFileSync(at("catalog.json"), read("catalog.json").replace("alpha", "alphe"));
  expect(await home.banger(verify)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("is not good, or too few of them are: 0 of 1"),
  });
  expect(minisign("-V", "-p", "acme.key.pub", "-m", "catalog.json").code).toBe(1);
});

test("keys are signed by as many as have to, each in its turn", async () => {
  await using shop = await openShop();
  const { home, at, read } = shop;
  const keyOf = async (name: string): Promise<string> =>
    (JSON.parse((await home.banger(["catalog", "keygen", at(name), "--json"])).stdout) as { publicKey: string }).publicKey;
  const roots = [await keyOf("one"), await keyOf("two")];
  const releases = [await keyOf("daily")];
  writeFileSync(at("keys.json"), JSON.stringify({ schema: 1, name: "acme", roots, threshold: 2, releases }));
  // Our form has the keys in its own order.
  const draft = { ...(JSON.parse(read("keys.json")) as object) };
  writeFileSync(at("keys.json"), JSON.stringify(draft));
  const verify = ["catalog", "verify", at("keys.json"), ...roots.flatMap((key) => ["--key", key])];
  await home.banger(["catalog", "sign", at("keys.json"), "-s", at("one"), "--valid-for", "365d"]);
  expect(await home.banger(verify)).toMatchObject({ code: 1, stderr: expect.stringContaining("1 of 2") });
  await home.banger(["catalog", "sign", at("keys.json"), "-s", at("two")]);
  expect(await home.banger(verify)).toMatchObject({ code: 0, stdout: expect.stringMatching(/signed by [0-9A-F]{16} and [0-9A-F]{16}\n$/) });
  // An empty line that somebody left is none; what is no signature is not thrown away.
  writeFileSync(at("keys.json.minisig"), `${read("keys.json.minisig")}\n`);
  await home.banger(["catalog", "sign", at("keys.json"), "-s", at("two")]);
  expect(await home.banger(verify)).toMatchObject({ code: 0 });
  const signatures = read("keys.json.minisig");
  writeFileSync(at("keys.json.minisig"), `${signatures}what is this\n`);
  const untouched = await home.banger(["catalog", "sign", at("keys.json"), "-s", at("two")]);
  expect(untouched).toMatchObject({ code: 1, stderr: expect.stringContaining("move it away") });
  expect(read("keys.json.minisig")).toBe(`${signatures}what is this\n`);
  writeFileSync(at("keys.json.minisig"), signatures);
  // A new version has none of the old signatures.
  await home.banger(["catalog", "sign", at("keys.json"), "-s", at("one"), "--valid-for", "365d"]);
  expect(await home.banger(verify)).toMatchObject({ code: 1, stderr: expect.stringContaining("1 of 2") });
});

test("several who sign at once lose nobody's signature", async () => {
  await using shop = await openShop();
  const { home, at } = shop;
  const names = ["a", "b", "c", "d", "e", "f"];
  const made = await Promise.all([...names, "daily"].map((name) => home.banger(["catalog", "keygen", at(name), "--json"])));
  const keys = made.map(({ stdout }) => (JSON.parse(stdout) as { publicKey: string }).publicKey);
  const [roots, releases] = [keys.slice(0, -1), keys.slice(-1)];
  for (let round = 0; round < 2; round += 1) {
    writeFileSync(at("keys.json"), JSON.stringify({ schema: 1, name: "acme", roots, threshold: 6, releases }));
    await home.banger(["catalog", "sign", at("keys.json"), "-s", at("a"), "--valid-for", "365d"]);
    await Promise.all(names.map((name) => home.banger(["catalog", "sign", at("keys.json"), "-s", at(name)])));
    const verify = ["catalog", "verify", at("keys.json"), ...roots.flatMap((key) => ["--key", key])];
    expect(await home.banger(verify)).toMatchObject({ code: 0 });
  }
});

test("a key of minisign's under a password is asked for at the terminal, and not shown", async () => {
  await using shop = await openShop();
  const { home, at } = shop;
  const made = Bun.spawnSync(["minisign", "-G", "-p", "their.pub", "-s", "their.key"], {
    cwd: home.path,
    stdin: Buffer.from("secret word\nsecret word\n"),
  });
  expect(made.exitCode).toBe(0);
  const words = ["catalog", "sign", at("catalog.json"), "-s", at("their.key"), "--valid-for", "1d"];
  expect(await home.banger(words)).toMatchObject({ code: 1, stderr: expect.stringContaining("BANGER_SIGNING_PASSWORD") });
  const terminal = openTerminal(home, `"$@" ${words.join(" ")}; echo "code $?"`);
  await terminal.until("password of the signing key: ");
  terminal.type("secret wordd\x7f\r");
  await terminal.until("code 0");
  expect(terminal.text).not.toContain("secret");
  expect(await home.banger(["catalog", "verify", at("catalog.json"), "--key", at("their.pub")])).toMatchObject({ code: 0 });
  const interrupted = openTerminal(home, `"$@" ${words.join(" ")}; echo "code $?"`);
  await interrupted.until("password of the signing key: ");
  interrupted.type("\x03");
  await interrupted.until("code 130");
  expect(interrupted.text).toContain("no password was typed");
});

test("what cannot be signed or checked is refused, and nothing is written", async () => {
  await using shop = await openShop();
  const { home, at, read } = shop;
  const key = ["-s", at("acme.key")];
  const draft = read("catalog.json");
  const refused = async (words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await home.banger(words);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    return stderr;
  };
  expect(await refused(["catalog", "sign", at("catalog.json"), ...key])).toMatch(/version: is missing.*\ntry: --valid-for 90d/);
  expect(await refused(["catalog", "sign", at("catalog.json"), "-s", at("acme.key.pub"), "--valid-for", "1d"])).toContain(
    "a secret key as",
  );
  expect(await refused(["catalog", "sign", at("none"), ...key])).toContain("none");
  expect(await refused(["catalog", "verify", at("catalog.json"), "--key", at("acme.key.pub")])).toContain("try: banger catalog sign");
  expect(await refused(["catalog", "verify", at("catalog.json"), "--key", at("acme.key")])).toContain(
    "a line of 56 characters that begins with RW",
  );
  expect(await refused(["catalog", "keygen", at("acme.key")])).toContain("is there already");
  expect(await refused(["catalog", "keygen", at("no/such/folder")])).toMatch(/cannot write .*: no such file or directory\ntry: ls -ld /);
  expect(await refused(["catalog", "sign", home.path, ...key])).toContain("illegal operation on a directory");
  expect(await refused(["catalog", "verify", home.path, "--key", at("acme.key.pub")])).toContain("illegal operation on a directory");
  for (const time of ["99999999d", "1s"])
    expect(await refused(["catalog", "sign", at("catalog.json"), ...key, "--valid-for", time])).toContain("good for a minute to ten years");
  const odd = JSON.stringify({ schema: 1, name: "acme", entries: [{ type: { toString: 1 } }, null, 1] });
  for (const text of [
    odd,
    "",
    "[]",
    "null",
    "{",
    JSON.stringify({ entries: [1] }),
    JSON.stringify({ entries: {} }),
    "\u0000".repeat(100),
  ]) {
    writeFileSync(at("odd.json"), text);
    expect(await refused(["catalog", "sign", at("odd.json"), ...key, "--valid-for", "1d"])).toStartWith(
      `error: cannot sign ${at("odd.json")}: `,
    );
    expect(read("odd.json")).toBe(text);
  }
  expect(read("catalog.json")).toBe(draft);
});
