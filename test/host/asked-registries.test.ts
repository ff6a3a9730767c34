/** What is asked of a registry when an image is pulled, and of its mirrors: by registries of ours, which note it. */
import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OciBundle, OciImage } from "../../src/catalog/catalog.ts";
import { makeTarHeader, paddingOf } from "../../src/catalog/unpack/tar-header.ts";
import {
  checkLayers,
  descriptorOf,
  digestOf,
  jsonOf,
  makeImage,
  openFakeRegistry,
  openPuller,
  TYPES,
  type FakeRegistry,
  type MadeImage,
  type Puller,
  type Tell,
} from "../support/oci-world.ts";

setDefaultTimeout(60_000);

const LOGIN = { BANGER_REGISTRY_USER: "puller", BANGER_REGISTRY_PASSWORD: "registry-password-1" };
const folder = mkdtempSync(join(tmpdir(), "banger-asked-"));
const at = (name: string): string => join(folder, name);
let opened = new AsyncDisposableStack();

afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

const us = (more?: Parameters<typeof openPuller>[0], signal?: AbortSignal): Puller => opened.use(openPuller(more, signal));
const front = (tell: Tell, image: MadeImage = makeImage()): FakeRegistry => opened.use(openFakeRegistry(image, tell));

describe("an archive that was saved", () => {
  test("may have its layers compressed, under names that tell their digests or not", async () => {
    const image = makeImage([5000, 6000]);
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = image.layers;
    const named = `blobs/sha256/${digestOf(second).slice(7)}`;
    const config = `${digestOf(image.config).slice(7)}.json`;
    const manifest = JSON.stringify([{ Config: config, RepoTags: ["acme/web:1"], Layers: ["1/layer.tar", named] }]);
    const parts: readonly (readonly [string, Uint8Array])[] = [
      ["manifest.json", Buffer.from(manifest)],
      [config, image.config],
      ["1/layer.tar", first],
      [named, second],
    ];
    const members = parts.flatMap(([name, bytes]) => [makeTarHeader(name, bytes.length, "0"), bytes, paddingOf(bytes.length)]);
    const write = (some: readonly Uint8Array[]): void => writeFileSync(at("packed.tar"), Buffer.concat([...some, Buffer.alloc(1024)]));
    write(members);
    const puller = us();
    const resolved = await puller.sources.resolve(`docker-archive:${at("packed.tar")}`, { platform: undefined }, puller.context);
    expect(resolved.digest).toBe(digestOf(image.config));
    checkLayers(resolved, await puller.sources.fetchLayers(resolved, puller.context));
    // The name of the config is its digest, too.
    write([
      makeTarHeader("manifest.json", manifest.length, "0"),
      Buffer.from(manifest),
      paddingOf(manifest.length),
      makeTarHeader(config, 2, "0"),
      Buffer.from("{}"),
      paddingOf(2),
    ]);
    await expect(us().pull(`docker-archive:${at("packed.tar")}`)).rejects.toMatchObject({ code: "bad_docker_archive" });
  });
});

describe("an index", () => {
  test("has one image for each platform, and an index in it for some", async () => {
    const [ours, arm] = [makeImage([100], "amd64"), makeImage([200], "arm64")];
    const entryOf = (image: MadeImage, architecture: string) => ({
      ...descriptorOf(image.manifest, TYPES.manifest),
      platform: { os: "linux", architecture },
    });
    const inner = jsonOf({ schemaVersion: 2, mediaType: TYPES.index, manifests: [entryOf(ours, "amd64")] });
    const top = jsonOf({ schemaVersion: 2, manifests: [entryOf(arm, "arm64"), descriptorOf(inner, TYPES.index)] });
    const blobs = new Map([
      ...ours.blobs,
      ...arm.blobs,
      [digestOf(inner), { bytes: inner, type: TYPES.index }],
      [digestOf(top), { bytes: top, type: TYPES.index }],
    ]);
    const registry = front(() => undefined, { ...ours, manifest: top, blobs });
    const puller = us();
    const resolve = (platform?: string): Promise<OciImage | OciBundle> =>
      puller.sources.resolve(`${registry.host}/acme/web`, { platform }, puller.context);
    expect(await resolve()).toMatchObject({ digest: digestOf(ours.manifest), platform: { architecture: "amd64" } });
    expect(await resolve("linux/arm64/v8")).toMatchObject({ digest: digestOf(arm.manifest), platform: { architecture: "arm64" } });
    await expect(resolve("linux/s390x")).rejects.toMatchObject({ code: "no_such_platform" });
  });
});

describe("a registry without TLS that is not on this computer", () => {
  /** Knows every host, as a proxy does. */
  const proxied = (
    tell: Tell,
    image = makeImage(),
  ): { readonly registry: FakeRegistry; readonly proxies: { readonly http_proxy: string } } => {
    const registry = front(tell, image);
    return { registry, proxies: { http_proxy: `http://${registry.host}` } };
  };
  const plainHttp = { "reg.example:5000": { plain_http: true } };

  test("is talked to where the config says so", async () => {
    const { registry, proxies } = proxied(() => undefined);
    expect(await us({ proxies, settings: plainHttp }).pull("reg.example:5000/acme/web")).toHaveLength(2);
    expect(registry.seen).toHaveLength(4);
  });

  test("gets no password, and no token for one", async () => {
    for (const wanted of ["Basic", 'Bearer realm="http://reg.example:5000/token"', 'Bearer realm="http://tokens.example/token"']) {
      const { registry, proxies } = proxied(() => new Response(null, { status: 401, headers: { "www-authenticate": wanted } }));
      await expect(us({ proxies, settings: plainHttp, variables: LOGIN }).pull("reg.example:5000/acme/web")).rejects.toMatchObject({
        code: "registry_denied",
        message: expect.stringContaining("not encrypted"),
      });
      expect(registry.seen).toEqual(["GET /v2/acme/web/manifests/latest -"]);
    }
  });

  test("leads nobody to this computer", async () => {
    const { registry, proxies } = proxied(() => Response.redirect("http://127.0.0.1:1/x", 307));
    await expect(us({ proxies, settings: plainHttp }).pull("reg.example:5000/acme/web")).rejects.toMatchObject({
      code: "redirect_refused",
    });
    expect(registry.seen).toHaveLength(1);
  });

  test("is docker.io's under the name of the host that has its files", async () => {
    const asked: string[] = [];
    const { proxies } = proxied((request, url) => {
      asked.push(`${request.headers.get("host")} ${url.pathname}`);
      return new Response(null, { status: 404 });
    });
    const settings = { "docker.io": { plain_http: true } };
    await expect(us({ proxies, settings }).pull("debian:bookworm")).rejects.toMatchObject({ code: "image_not_in_registry" });
    expect(asked).toEqual(["registry-1.docker.io /v2/library/debian/manifests/bookworm"]);
  });
});

test("no more than three layers come at once, one that two layers share comes once, and one that fails stops the others", async () => {
  const image = makeImage(Array.from({ length: 8 }, () => 1000));
  const [shared] = image.layers;
  const parsed = JSON.parse(image.manifest.toString()) as { layers: unknown[] };
  const config = JSON.parse(image.config.toString()) as { rootfs: { diff_ids: string[] } };
  config.rootfs.diff_ids.push(config.rootfs.diff_ids[0] ?? "");
  const newConfig = jsonOf(config);
  const manifest = jsonOf({
    ...parsed,
    schemaVersion: 2,
    config: descriptorOf(newConfig, TYPES.config),
    layers: [...parsed.layers, parsed.layers[0]],
  });
  const blobs = new Map([
    ...image.blobs,
    [digestOf(newConfig), { bytes: newConfig, type: TYPES.config }],
    [digestOf(manifest), { bytes: manifest, type: TYPES.manifest }],
  ]);
  const whole = { ...image, manifest, blobs };
  let [now, most, fails] = [0, 0, false];
  const registry = front(async (_request, url) => {
    if (!url.pathname.includes("/blobs/")) return undefined;
    most = Math.max(most, ++now);
    await Bun.sleep(30);
    now--;
    return fails && url.pathname.endsWith(digestOf(image.layers[3] ?? Buffer.alloc(0))) ? new Response("x".repeat(5000)) : undefined;
  }, whole);
  const paths = await us().pull(`${registry.host}/acme/web`);
  expect([paths.length, new Set(paths).size, most]).toEqual([9, 8, 3]);
  expect(registry.seen.filter((line) => line.includes(digestOf(shared ?? Buffer.alloc(0))))).toHaveLength(1);
  const before = registry.seen.length;
  fails = true;
  await expect(us().pull(`${registry.host}/acme/web`)).rejects.toMatchObject({ code: "size_mismatch" });
  expect(registry.seen.length - before).toBeLessThan(10);
});

describe("a mirror", () => {
  const settingsOf = (host: string, mirrors: string[]) => ({ [host]: { mirrors } });

  test("is asked first, and the registry itself where it is of no use", async () => {
    const image = makeImage();
    const [registry, mirror] = [front(() => undefined, image), front(() => undefined, image)];
    await us({ settings: settingsOf(registry.host, [mirror.host]) }).pull(`${registry.host}/acme/web`);
    expect([registry.seen.length, mirror.seen.length]).toEqual([0, 4]);
    const broken = front(() => new Response(null, { status: 404 }));
    const settings = settingsOf(registry.host, ["127.0.0.1:1", broken.host]);
    expect(await us({ settings }).pull(`${registry.host}/acme/web`)).toHaveLength(2);
  });

  test("does not get the login for the registry", async () => {
    const image = makeImage();
    const registry = front(() => undefined, image);
    const mirror = front(() => new Response(null, { status: 401, headers: { "www-authenticate": "Basic" } }), image);
    await us({ variables: LOGIN, settings: settingsOf(registry.host, [mirror.host]) }).pull(`${registry.host}/acme/web`);
    expect(mirror.seen.filter((line) => !line.endsWith(" -"))).toEqual([]);
  });

  test("cannot give another content for a digest", async () => {
    const image = makeImage();
    const [registry, mirror] = [
      front(() => undefined, image),
      front((_request, url) => (url.pathname.includes("/manifests/") ? Response.json({}) : undefined)),
    ];
    const wanted = `${registry.host}/acme/web@${digestOf(image.manifest)}`;
    await expect(us({ settings: settingsOf(registry.host, [mirror.host]) }).pull(wanted)).rejects.toMatchObject({
      code: "digest_mismatch",
    });
  });
});

test("a second pull asks for what the tag means, and for no blob", async () => {
  const registry = front(() => undefined);
  const puller = us();
  await puller.pull(`${registry.host}/acme/web`);
  const before = registry.seen.length;
  await puller.pull(`${registry.host}/acme/web`);
  expect(registry.seen.slice(before)).toEqual(["GET /v2/acme/web/manifests/latest -"]);
});

test("a layer that breaks off goes on where it was, and two who want one image fetch it once", async () => {
  const image = makeImage([300_000]);
  const [layer = Buffer.alloc(0)] = image.layers;
  let breaks = 1;
  const ranges: (string | null)[] = [];
  const registry = front((request, url) => {
    if (!url.pathname.endsWith(digestOf(layer))) return undefined;
    ranges.push(request.headers.get("range"));
    if (breaks-- <= 0) return undefined;
    let isSent = false;
    return new Response(
      new ReadableStream({
        pull: async (controller) => {
          if (isSent) {
            await Bun.sleep(100);
            controller.error(new Error("broken off"));
          } else controller.enqueue(layer.subarray(0, 100_000));
          isSent = true;
        },
      }),
    );
  }, image);
  const puller = us();
  const [first, second] = await Promise.all([puller.pull(`${registry.host}/acme/web`), puller.pull(`${registry.host}/acme/web`)]);
  expect(first).toEqual(second);
  expect(ranges).toEqual([null, "bytes=100000-"]);
  expect(puller.cached(image)).toHaveLength(2);
});

test("whoever stops waiting is told so, and what is there is kept", async () => {
  const registry = front((_request, url) => (url.pathname.includes("/blobs/") ? new Promise<Response>(() => undefined) : undefined));
  await expect(us({}, AbortSignal.timeout(200)).pull(`${registry.host}/acme/web`)).rejects.toMatchObject({ code: "cancelled" });
});
