/** Publishing by the command line: what is said, what is not, and how it ends. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ACCESS, openFakeS3, type FakeS3 } from "../host/fake-s3.ts";
import { makeImageBundle } from "../support/little-image.ts";
import { entryOf, makeBundle, sha256Of } from "../support/publishing.ts";
import { until } from "../support/until.ts";
import { openHome, type Home } from "./home.ts";

setDefaultTimeout(120_000);

interface Shop extends AsyncDisposable {
  readonly home: Home;
  readonly s3: FakeS3;
  readonly at: (name: string) => string;
  readonly read: (name: string) => string;
  /** `kernel publish` of the bundle into the checkout. */
  readonly words: readonly string[];
}

/** A checkout with a catalog, its key, a bundle and a store. */
async function openShop(): Promise<Shop> {
  const s3 = openFakeS3();
  const home = openHome({ ...ACCESS, AWS_ENDPOINT_URL: s3.endpoint });
  const at = (name: string): string => join(home.path, name);
  const git = Bun.spawnSync(["git", "init", "-q", at("the checkout")]);
  expect(git.exitCode).toBe(0);
  mkdirSync(at("the checkout/kernels"));
  await home.banger(["catalog", "keygen", at("acme.key")]);
  const catalog = at("the checkout/kernels/catalog.json");
  writeFileSync(catalog, JSON.stringify({ schema: 1, name: "acme", entries: [] }));
  expect(await home.banger(["catalog", "sign", catalog, "-s", at("acme.key"), "--valid-for", "90d"])).toMatchObject({ code: 0 });
  writeFileSync(at("small.tar.zst"), makeBundle("small", 200_000));
  return {
    home,
    s3,
    at,
    read: (name) => readFileSync(at(name), "utf8"),
    words: ["kernel", "publish", "--bundle", at("small.tar.zst"), "--to", "s3://kernels/v1", "--catalog", catalog, "-s", at("acme.key")],
    [Symbol.asyncDispose]: async () => {
      await home[Symbol.asyncDispose]();
      await s3[Symbol.asyncDispose]();
    },
  };
}

/** No credentials anywhere in what was said, nor in what was left on disk. */
function expectNoSecret(shop: Shop, said: string): void {
  expect(said).not.toContain(ACCESS.AWS_SECRET_ACCESS_KEY);
  for (const each of readdirSync(shop.home.path, { recursive: true, withFileTypes: true })) {
    if (each.isFile() && !each.name.startsWith("credentials") && !each.parentPath.includes("/.git"))
      expect(readFileSync(join(each.parentPath, each.name), "latin1")).not.toContain(ACCESS.AWS_SECRET_ACCESS_KEY);
  }
}

test("a bundle is published into a checkout, which is changed and not committed, and can be added and verified", async () => {
  await using shop = await openShop();
  const { home, s3, at, words, read } = shop;
  const bundle = `small-amd64-${sha256Of(at("small.tar.zst")).slice(0, 16)}.tar.zst`;
  const published = await home.banger(words);
  expect(published).toMatchObject({ code: 0, stderr: expect.stringMatching(/^upload .*\ncheck .*\ncatalog .*\(version 2\)\n$/) });
  const [where, what, commit, ...rest] = published.stdout.split("\n");
  expect(where).toBe(`${bundle} is at ${s3.endpoint}/kernels/v1/${bundle}`);
  expect(what).toMatch(/^catalog acme at \S+ \S+catalog\.json is version 2, with 1 entry, good until \S+Z$/);
  expect(rest).toEqual([""]);
  expectNoSecret(shop, published.stdout + published.stderr);
  const verify = ["catalog", "verify", at("the checkout/kernels/catalog.json"), "--key", at("acme.key.pub")];
  expect(await home.banger(verify)).toMatchObject({ code: 0 });
  expect(JSON.parse(read("the checkout/kernels/catalog.json"))).toMatchObject({
    entries: [
      {
        name: "small",
        version: entryOf("small").version,
        description: "small, Linux 6.12.1",
        bundle: { sha256: sha256Of(at("small.tar.zst")) },
      },
    ],
  });
  const minisign = Bun.spawnSync(["minisign", "-Vm", at("the checkout/kernels/catalog.json"), "-p", at("acme.key.pub")]);
  expect(minisign.exitCode).toBe(0);
  // Nothing was committed; what is said can be typed.
  const git = (...more: readonly string[]) => Bun.spawnSync(["git", "-C", at("the checkout"), ...more]);
  expect(String(git("status", "--porcelain").stdout)).toBe("?? kernels/\n");
  const line = commit?.replace(/^to commit: /, "").replace(/commit$/, "-c user.name=x -c user.email=x@example commit -qm new");
  expect(Bun.spawnSync(["sh", "-c", line ?? "false"]).exitCode).toBe(0);
  expect(String(git("status", "--porcelain").stdout)).toBe("");

  expect(await home.banger(words)).toMatchObject({ code: 0, stdout: expect.stringMatching(/says so already: nothing new\n$/) });
  expect(String(git("status", "--porcelain").stdout)).toBe("");
  const again = await home.banger([...words, "--json", "--description", "another"]);
  expect(JSON.parse(again.stdout)).toMatchObject({
    bundle,
    isChanged: true,
    catalog: { version: 3, entries: 1, checkout: at("the checkout") },
  });
});

test("a key under a password, and credentials in a file, are taken from where nobody else reads", async () => {
  await using shop = await openShop();
  const { home, at, words } = shop;
  const secret = "signing password";
  Bun.spawnSync(["minisign", "-G", "-p", "their.pub", "-s", "their.key"], { cwd: home.path, stdin: Buffer.from(`${secret}\n${secret}\n`) });
  writeFileSync(at("theirs.json"), JSON.stringify({ schema: 1, name: "theirs", entries: [] }));
  const variables = { BANGER_SIGNING_PASSWORD: secret };
  const sign = ["catalog", "sign", at("theirs.json"), "-s", at("their.key"), "--valid-for", "1d"];
  expect(await home.banger(sign, { variables })).toMatchObject({ code: 0 });
  const theirs = [...words.slice(0, 6), "--catalog", at("theirs.json"), "-s", at("their.key")];
  expect(await home.banger(theirs)).toMatchObject({ code: 1, stderr: expect.stringContaining("BANGER_SIGNING_PASSWORD") });
  const wrong = await home.banger(theirs, { variables: { BANGER_SIGNING_PASSWORD: "wrong" } });
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("the password is wrong") });
  writeFileSync(
    at("credentials"),
    Object.entries(ACCESS)
      .map(([name, value]) => `export ${name}="${value}"\n`)
      .join(""),
  );
  chmodSync(at("credentials"), 0o640);
  const nothing = { ...variables, AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" };
  const fromFile = [...theirs, "--credentials", at("credentials")];
  expect(await home.banger(fromFile, { variables: nothing })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`try: chmod 600 ${at("credentials")}`),
  });
  chmodSync(at("credentials"), 0o600);
  const published = await home.banger(fromFile, { variables: nothing });
  expect(published).toMatchObject({ code: 0, stdout: expect.not.stringContaining("to commit") });
  expectNoSecret(shop, published.stdout + published.stderr);
});

test("what cannot be published is told, and the catalog is as it was", async () => {
  await using shop = await openShop();
  const { home, s3, at, words, read } = shop;
  const before = read("the checkout/kernels/catalog.json");
  const failed = async (argv: readonly string[], variables = {}): Promise<string> => {
    const { code, stdout, stderr } = await home.banger(argv, { variables });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(read("the checkout/kernels/catalog.json")).toBe(before);
    expectNoSecret(shop, stderr);
    return stderr;
  };
  s3.options = { isPublic: () => false };
  expect(await failed(words)).toMatch(/answers 403 to those without a login\ntry: let everybody read it, or .*--public-url URL/);
  expect(await failed(words, { AWS_SECRET_ACCESS_KEY: "wrong" })).toContain("403 SignatureDoesNotMatch");
  expect(await failed(words, { AWS_SECRET_ACCESS_KEY: "" })).toMatch(/there are no credentials for it\ntry: AWS_ACCESS_KEY_ID/);
  const named = (index: number, word: string): readonly string[] => words.with(index, word);
  expect(await failed(named(5, "ftp://x"))).toContain("try: --to s3://BUCKET/PREFIX");
  writeFileSync(at("no.tar.zst"), "no archive");
  expect(await failed(named(3, at("no.tar.zst")))).toContain(`cannot publish ${at("no.tar.zst")}: `);
  expect(await failed(named(3, at("none")))).toContain("it is no file");
  writeFileSync(at("cut.tar.zst"), readFileSync(at("small.tar.zst")).subarray(0, 40));
  expect(await failed(named(3, at("cut.tar.zst")))).toContain(`cannot publish ${at("cut.tar.zst")}: `);
  writeFileSync(at("odd.tar.zst"), makeBundle("../odd", 100));
  expect(await failed(named(3, at("odd.tar.zst")))).toContain("name: ");
  expect(await home.banger(words.slice(0, 6))).toMatchObject({ code: 2, stderr: expect.stringContaining("--catalog is missing") });
});

test("Ctrl-C while it uploads ends it at once, as a signal does, and the same again goes on", async () => {
  await using shop = await openShop();
  const { home, s3, words } = shop;
  let isAsked = false;
  s3.options = {
    before: (request) => {
      if (request.method !== "PUT") return undefined;
      isAsked = true;
      return new Promise<undefined>(() => undefined);
    },
  };
  const child = home.start(words);
  await until("it uploads", () => isAsked);
  const [argv, environment] = ["cmdline", "environ"].map((name) => readFileSync(`/proc/${child.pid}/${name}`, "latin1"));
  expect(argv).not.toContain(ACCESS.AWS_SECRET_ACCESS_KEY);
  expect(environment).toContain(ACCESS.AWS_SECRET_ACCESS_KEY);
  child.kill("SIGINT");
  expect([await child.exited, await child.stderr.text()]).toEqual([130, expect.stringContaining("publishing was cancelled")]);
  s3.options = {};
  expect(await home.banger(words)).toMatchObject({ code: 0 });
});

test("a bundle that is not whole, or no kernel, is refused before anything is uploaded", async () => {
  await using shop = await openShop();
  const { home, s3, at, words, read } = shop;
  const before = read("the checkout/kernels/catalog.json");
  const whole = readFileSync(at("small.tar.zst"));
  const spoiled: readonly (readonly [string, Uint8Array, string])[] = [
    ["cut off", whole.subarray(0, whole.length - 5000), "is not whole"],
    ["no kernel", makeBundle("small", 5000, Buffer.alloc(1000)), "has a vmlinux that no vm could boot"],
  ];
  for (const [what, bytes, why] of spoiled) {
    writeFileSync(at(`${what}.tar.zst`), bytes);
    expect(await home.banger(words.with(3, at(`${what}.tar.zst`)))).toMatchObject({ code: 1, stderr: expect.stringContaining(why) });
  }
  expect([s3.log.length, read("the checkout/kernels/catalog.json")]).toEqual([0, before]);
});

test("an image's bundle is published as an image, and is no kernel", async () => {
  await using shop = await openShop();
  const { home, at, words, read } = shop;
  writeFileSync(at("web.tar.zst"), makeImageBundle("web"));
  const image = ["image", ...words.slice(1)].with(3, at("web.tar.zst"));
  expect(await home.banger(image)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^web-amd64-[0-9a-f]{16}\.tar\.zst is at /) });
  expect(JSON.parse(read("the checkout/kernels/catalog.json"))).toMatchObject({
    entries: [
      {
        type: "image",
        name: "web",
        distro: "debian-bookworm",
        kernelRef: "debian-6.12",
        requirements: ["web server"],
        description: "web, of debian-bookworm",
        bundle: { sha256: sha256Of(at("web.tar.zst")) },
      },
    ],
  });
  const mixed = await Promise.all([home.banger(words.with(3, at("web.tar.zst"))), home.banger(image.with(3, at("small.tar.zst")))]);
  expect(mixed.map(({ code }) => code)).toEqual([1, 1]);
  const neither = await home.banger(["image", "publish", ...words.slice(4)]);
  expect(neither).toMatchObject({ code: 2, stderr: expect.stringContaining("name either an image or a bundle of one") });
});

test("an image that is not there is not pushed, and what is typed is said to be wrong", async () => {
  await using home = openHome();
  expect(await home.banger(["image", "push", "none", "127.0.0.1:1/acme/web"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no image is named"),
  });
  expect(await home.banger(["image", "push", "none"])).toMatchObject({ code: 2, stderr: expect.stringContaining("REFERENCE") });
});

test("words that are no good are refused before a bundle is made", async () => {
  await using shop = await openShop();
  const { home, at } = shop;
  const push = (to: string) => home.banger(["image", "push", "none", to]);
  expect((await push("UPPER/x")).stderr).toContain("it is no place in a registry");
  expect((await push(`oci:${at("layout")}`)).stderr).toContain("that is no registry");
  const publish = async (...words: readonly string[]): Promise<string> => {
    const given = new Map([
      ["--to", "s3://images"],
      ["--catalog", at("catalog.json")],
      ["-s", at("acme.key")],
    ]);
    for (let index = 0; index < words.length; index += 2) given.set(words[index] ?? "", words[index + 1] ?? "");
    return (await home.banger(["image", "publish", "none", ...[...given].flat()])).stderr;
  };
  expect(await publish("--to", "ftp://x")).toContain("it is no kind of store");
  expect(await publish("--catalog", at("x.txt"))).toContain("it does not end in .json");
  expect(await publish("-s", at("no.key"))).toContain(`cannot read ${at("no.key")}: there is no such file`);
  expect(await publish("--credentials", at("none"))).toContain("there is no such file");
  expect(await publish()).toContain("no image is named");
});

test("a key that others can read signs nothing", async () => {
  await using shop = await openShop();
  const { home, at, words } = shop;
  chmodSync(at("acme.key"), 0o644);
  expect(await home.banger(words)).toMatchObject({ code: 1, stderr: expect.stringContaining(`chmod 600 ${at("acme.key")}`) });
});

test("a large bundle is sent in little memory, also to a store that is slow to take it", async () => {
  await using shop = await openShop();
  const { home, at, words } = shop;
  writeFileSync(at("large.tar.zst"), makeBundle("large", 500 * 2 ** 20));
  // Takes it and keeps nothing; what users fetch is the file itself.
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    maxRequestBodySize: 2 ** 30,
    fetch: async (request) => {
      if (request.method === "GET") return new Response(Bun.file(at("large.tar.zst")));
      let parts = 0;
      for await (const _part of request.body ?? []) if ((parts += 1) % 16 === 0) await Bun.sleep(1);
      return new Response(null);
    },
  });
  const child = home.start([...words.with(3, at("large.tar.zst")), "--endpoint", `http://127.0.0.1:${server.port}`]);
  let peakKiB = 0;
  const looking = setInterval(() => {
    const [, rss = "0"] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
    peakKiB = Math.max(peakKiB, Number(rss));
  }, 50);
  const code = await child.exited;
  clearInterval(looking);
  expect([code, await child.stderr.text()]).toEqual([0, expect.stringContaining("catalog")]);
  expect(peakKiB / 1024).toBeLessThan(256);
  await server.stop(true);
});
