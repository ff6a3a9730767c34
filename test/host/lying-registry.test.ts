/**
 * Registries that lie. Each case ends soon in the refusal that is meant for it, with little memory, and leaves nothing in the download
 * cache but blobs that are what they are called.
 */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
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

const SOON_MS = 8000;
/** Of the registry, which is in the same process, and of us. */
const GROWTH_BYTES = 192 * 2 ** 20;
const HUGE = new Uint8Array(100 * 2 ** 20);
const image = makeImage();
const [firstLayer = Buffer.alloc(0)] = image.layers;
let opened = new AsyncDisposableStack();
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

const open = (tell?: Tell, of: MadeImage = image): FakeRegistry => opened.use(openFakeRegistry(of, tell));
const us = (more?: Parameters<typeof openPuller>[0]): Puller => opened.use(openPuller(more));
const send = (bytes: Uint8Array, type: string = TYPES.manifest, headers: Record<string, string> = {}): Response =>
  new Response(new Uint8Array(bytes), { headers: { "content-type": type, ...headers } });
const isManifest = (url: URL): boolean => url.pathname.includes("/manifests/");
const isLatest = (url: URL): boolean => url.pathname.endsWith("/manifests/latest");
const isFirstLayer = (url: URL): boolean => url.pathname.endsWith(digestOf(firstLayer));
const asManifest =
  (value: unknown, type?: string, headers?: Record<string, string>): Tell =>
  (_request, url) =>
    isLatest(url) ? send(Buffer.isBuffer(value) ? value : jsonOf(value), type, headers) : undefined;
const forLayer =
  (answer: (request: Request) => Response | Promise<Response>): Tell =>
  (request, url) =>
    isFirstLayer(url) ? answer(request) : undefined;
const forManifest =
  (answer: (url: URL) => Response | Promise<Response>): Tell =>
  (_request, url) =>
    isManifest(url) ? answer(url) : undefined;

const endless = (piece: Uint8Array, everyMs = 0): ReadableStream =>
  new ReadableStream({
    pull: async (controller) => {
      if (everyMs > 0) await Bun.sleep(everyMs);
      controller.enqueue(piece);
    },
  });
/** Of which nobody says how long it is. */
const inPieces = (...pieces: readonly Uint8Array[]): ReadableStream =>
  new ReadableStream({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
/** Byte by byte; what came is what should. */
const drip = (bytes: Uint8Array): ReadableStream => {
  let at = 0;
  return new ReadableStream({
    pull: async (controller) => {
      await Bun.sleep(50);
      controller.enqueue(bytes.subarray(at, ++at));
    },
  });
};
const startOf = (request: Request): number => Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
const answerFrom = (request: Request): ResponseInit =>
  startOf(request) === 0
    ? {}
    : { status: 206, headers: { "content-range": `bytes ${startOf(request)}-${firstLayer.length - 1}/${firstLayer.length}` } };
const nothing = (): Promise<Response> => new Promise<Response>(() => undefined);
const challenge = (realm: string): Response =>
  new Response(null, { status: 401, headers: { "www-authenticate": `Bearer realm="${realm}",service="s"` } });
const redirect = (location: string): Response => new Response(null, { status: 307, headers: { location } });

const parsed = JSON.parse(image.manifest.toString()) as { config: { digest: string; size: number }; layers: { size: number }[] };
const entry = { ...descriptorOf(image.manifest, TYPES.manifest), platform: { os: "linux", architecture: "amd64" } };
const indexOf = (entries: readonly unknown[]) => ({ schemaVersion: 2, mediaType: TYPES.index, manifests: entries });
const withLayer = (change: object) => ({ ...parsed, schemaVersion: 2, layers: [{ ...parsed.layers[0], ...change }, parsed.layers[1]] });

/** An index that leads to another, and so on, and to an image at last. */
let bombTop = image.manifest;
let bombType: string = TYPES.manifest;
const bombBytes = new Map<string, Buffer>();
for (let depth = 0; depth < 10; depth++) {
  bombBytes.set(digestOf(bombTop), bombTop);
  const inner = descriptorOf(bombTop, bombType);
  bombTop = jsonOf({ ...indexOf([inner]), annotations: { depth: String(depth) } });
  bombType = TYPES.index;
}
const bombTell: Tell = (_request, url) => {
  if (!isManifest(url)) return undefined;
  if (isLatest(url)) return send(bombTop, TYPES.index);
  const bytes = bombBytes.get(url.pathname.split("/").at(-1) ?? "");
  return bytes === undefined ? undefined : send(bytes, bytes.equals(image.manifest) ? TYPES.manifest : TYPES.index);
};

type Case = readonly [what: string, tell: Tell, code: string];

const MANIFESTS: readonly Case[] = [
  [
    "another digest than its header says",
    asManifest(image.manifest, TYPES.manifest, { "docker-content-digest": `sha256:${"0".repeat(64)}` }),
    "digest_mismatch",
  ],
  ["a page of the web", asManifest(Buffer.from("<html>"), "text/html"), "bad_oci_document"],
  ["no kind and no JSON", asManifest(Buffer.from("<html>"), "application/octet-stream"), "bad_oci_document"],
  [
    "another kind in its header than in itself",
    asManifest(image.manifest, "application/vnd.docker.distribution.manifest.v2+json"),
    "bad_oci_document",
  ],
  [
    "the kind of an index for a manifest",
    asManifest({ ...parsed, schemaVersion: 2, mediaType: undefined }, TYPES.index),
    "bad_oci_document",
  ],
  ["the kind of a manifest for an index", asManifest({ ...indexOf([entry]), mediaType: undefined }, TYPES.manifest), "bad_oci_document"],
  ["a manifest that is an index, too", asManifest({ ...parsed, ...indexOf([entry]) }, TYPES.index), "ambiguous_manifest"],
  ["schema 1", asManifest({ schemaVersion: 1, fsLayers: [] }, "application/vnd.docker.distribution.manifest.v1+json"), "old_manifest"],
  ["schema 1 under another name", asManifest({ schemaVersion: 1, fsLayers: [] }), "old_manifest"],
  ["100 MiB, announced", forManifest(() => new Response(HUGE, { headers: { "content-type": TYPES.manifest } })), "longer_than_allowed"],
  [
    "bytes without end",
    forManifest(() => new Response(endless(new Uint8Array(65_536)), { headers: { "content-type": TYPES.manifest } })),
    "longer_than_allowed",
  ],
  [
    "a slow drip",
    forManifest(() => new Response(endless(new Uint8Array(1), 50), { headers: { "content-type": TYPES.manifest } })),
    "mirror_unreachable",
  ],
  ["silence", forManifest(nothing), "mirror_unreachable"],
  ["nesting without end", asManifest(Buffer.from("[".repeat(4_000_000))), "bad_oci_document"],
  [
    "a million entries",
    asManifest(Buffer.from(`{"schemaVersion":2,"manifests":[${"0,".repeat(1_000_000)}0]}`), TYPES.index),
    "bad_oci_document",
  ],
  ["more entries than are allowed", asManifest(indexOf(Array.from({ length: 1001 }, () => entry)), TYPES.index), "bad_oci_document"],
  ["an index of indexes of indexes", bombTell, "bad_oci_document"],
  [
    "an index with nothing for us",
    asManifest(indexOf([{ ...entry, platform: { os: "linux", architecture: "arm64" } }]), TYPES.index),
    "no_such_platform",
  ],
  ["an entry of a wrong digest", asManifest(indexOf([{ ...entry, digest: `sha256:${"0".repeat(64)}` }]), TYPES.index), "mirror_lacks_file"],
  ["an entry that is too large", asManifest(indexOf([{ ...entry, size: 5 * 2 ** 20 }]), TYPES.index), "bad_oci_document"],
  ["an entry that has another size", asManifest(indexOf([{ ...entry, size: entry.size - 1 }]), TYPES.index), "size_mismatch"],
  [
    "an entry whose manifest is another",
    (_request, url) =>
      isLatest(url) ? send(jsonOf(indexOf([entry])), TYPES.index) : isManifest(url) ? send(Buffer.alloc(entry.size, "x")) : undefined,
    "digest_mismatch",
  ],
  [
    "an entry that is sent as something else",
    (_request, url) =>
      isLatest(url) ? send(jsonOf(indexOf([entry])), TYPES.index) : isManifest(url) ? send(image.manifest, TYPES.index) : undefined,
    "bad_oci_document",
  ],
  [
    "an artifact that is no image",
    asManifest({ ...parsed, schemaVersion: 2, config: { ...parsed.config, mediaType: "application/vnd.oci.empty.v1+json" } }),
    "not_an_image",
  ],
  ["a foreign layer", asManifest(withLayer({ mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip" })), "unusable_layer"],
  ["a layer that is elsewhere", asManifest(withLayer({ urls: ["http://169.254.169.254/x"] })), "unusable_layer"],
  ["an encrypted layer", asManifest(withLayer({ mediaType: `${TYPES.layer}+encrypted` })), "unusable_layer"],
  ["a layer by sha512", asManifest(withLayer({ digest: `sha512:${"a".repeat(128)}` })), "bad_oci_document"],
  ["a layer by a path", asManifest(withLayer({ digest: "sha256:../../../etc/passwd" })), "bad_oci_document"],
  [
    "513 layers",
    asManifest({ ...parsed, schemaVersion: 2, layers: Array.from({ length: 513 }, () => parsed.layers[0]) }),
    "bad_oci_document",
  ],
  [
    "more layers than its config tells of",
    asManifest({ ...parsed, schemaVersion: 2, layers: [...parsed.layers, parsed.layers[0]] }),
    "bad_oci_document",
  ],
  ["no layers", asManifest({ ...parsed, schemaVersion: 2, layers: [] }), "bad_oci_document"],
  [
    "a config of 100 MiB, told",
    asManifest({ ...parsed, schemaVersion: 2, config: { ...parsed.config, size: 100 * 2 ** 20 } }),
    "bad_oci_document",
  ],
  ["nothing", forManifest(() => new Response(null, { status: 404 })), "image_not_in_registry"],
  ["trouble", forManifest(() => new Response(null, { status: 500 })), "mirror_unreachable"],
  ["a redirect to a file", forManifest(() => redirect("file:///etc/passwd")), "redirect_refused"],
  ["a redirect to the metadata address", forManifest(() => redirect("http://169.254.169.254/latest/meta-data")), "redirect_refused"],
  ["redirects in a circle", forManifest((url) => redirect(url.href)), "redirect_refused"],
  ["a redirect with a password", forManifest(() => redirect("http://a:b@registry.example/x")), "redirect_refused"],
  ["a redirect to nowhere", forManifest(() => redirect("http://[")), "redirect_refused"],
  ["an answer of another kind", forManifest(() => new Response(null, { status: 204 })), "mirror_lacks_file"],
  ["no entry", forManifest(() => new Response(null, { status: 403 })), "registry_denied"],
];

const CONFIGS: readonly Case[] = [
  [
    "of 100 MiB, in place of a small one",
    (_request, url) => (url.pathname.endsWith(parsed.config.digest) ? new Response(HUGE) : undefined),
    "size_mismatch",
  ],
  [
    "without end",
    (_request, url) => (url.pathname.endsWith(parsed.config.digest) ? new Response(endless(new Uint8Array(65_536))) : undefined),
    "size_mismatch",
  ],
  [
    "that is another of the same size",
    (_request, url) => (url.pathname.endsWith(parsed.config.digest) ? send(Buffer.alloc(parsed.config.size, " ")) : undefined),
    "digest_mismatch",
  ],
];

const LAYERS: readonly Case[] = [
  ["another content of the same size", forLayer(() => send(Buffer.alloc(firstLayer.length))), "digest_mismatch"],
  ["one byte more, announced", forLayer(() => send(Buffer.concat([firstLayer, Buffer.from("x")]))), "size_mismatch"],
  ["bytes behind its end", forLayer(() => new Response(inPieces(firstLayer, Buffer.from("more")))), "size_mismatch"],
  ["bytes without end", forLayer(() => new Response(endless(new Uint8Array(65_536)))), "size_mismatch"],
  ["fewer bytes, announced", forLayer(() => send(firstLayer.subarray(1))), "size_mismatch"],
  ["fewer bytes", forLayer(() => new Response(inPieces(firstLayer.subarray(1)))), "download_truncated"],
  [
    "a slow drip",
    forLayer((request) => new Response(drip(firstLayer.subarray(startOf(request))), answerFrom(request))),
    "mirror_unreachable",
  ],
  ["silence", forLayer(nothing), "mirror_unreachable"],
  [
    "another part than was asked for",
    forLayer(() => new Response(firstLayer, { status: 206, headers: { "content-range": "bytes 7-9/10" } })),
    "mirror_lacks_file",
  ],
  [
    "a compression on the way",
    forLayer(() => new Response(Bun.gzipSync(new Uint8Array(firstLayer)), { headers: { "content-encoding": "gzip" } })),
    "size_mismatch",
  ],
  ["a redirect to a file", forLayer(() => redirect("file:///etc/passwd")), "redirect_refused"],
  ["a redirect to the metadata address", forLayer(() => redirect("http://169.254.169.254/latest")), "redirect_refused"],
  ["a redirect to the metadata address in IPv6", forLayer(() => redirect("http://[fe80::a9fe:a9fe]/latest")), "redirect_refused"],
  ["a redirect to a name for it", forLayer(() => redirect("http://metadata.google.internal/x")), "redirect_refused"],
  [
    "a wish for a password from where it keeps files",
    forLayer(() => new Response(null, { status: 401, headers: { "www-authenticate": "Basic" } })),
    "registry_denied",
  ],
  ["nothing", forLayer(() => new Response(null, { status: 404 })), "mirror_lacks_file"],
];

const TOKENS: readonly Case[] = [
  ["a wish for a password", () => new Response(null, { status: 401, headers: { "www-authenticate": "Basic" } }), "registry_denied"],
  ["a wish for something else", () => new Response(null, { status: 401, headers: { "www-authenticate": "Negotiate" } }), "registry_denied"],
  ["a wish for nothing", () => new Response(null, { status: 401 }), "registry_denied"],
  [
    "a token that does not help",
    (_request, url) => (url.pathname === "/token" ? Response.json({ token: "t" }) : challenge(`http://${url.host}/token`)),
    "registry_denied",
  ],
  ["tokens from a file", () => challenge("file:///etc/passwd"), "registry_denied"],
  ["tokens from the metadata address", () => challenge("http://169.254.169.254/latest"), "registry_denied"],
  ["tokens from nowhere", () => challenge("not an address"), "registry_denied"],
  [
    "a token of two lines",
    (_request, url) => (url.pathname === "/token" ? Response.json({ token: "x\r\ny: z" }) : challenge(`http://${url.host}/token`)),
    "registry_denied",
  ],
  [
    "a token without end",
    (_request, url) => (url.pathname === "/token" ? new Response(endless(new Uint8Array(65_536))) : challenge(`http://${url.host}/token`)),
    "registry_denied",
  ],
  [
    "a token that drips",
    (_request, url) => (url.pathname === "/token" ? new Response(endless(new Uint8Array(1), 50)) : challenge(`http://${url.host}/token`)),
    "mirror_unreachable",
  ],
  [
    "tokens in a circle",
    (_request, url) => (url.pathname === "/token" ? redirect(url.href) : challenge(`http://${url.host}/token`)),
    "redirect_refused",
  ],
  ["tokens that want a token", (_request, url) => challenge(`http://${url.host}/token`), "registry_denied"],
  [
    "a token service in trouble",
    (_request, url) => (url.pathname === "/token" ? new Response(null, { status: 503 }) : challenge(`http://${url.host}/token`)),
    "mirror_unreachable",
  ],
];

async function refuse(tell: Tell, code: string): Promise<void> {
  const registry = open(tell);
  const puller = us({ variables: { BANGER_REGISTRY_USER: "u", BANGER_REGISTRY_PASSWORD: "secret-word" }, retryDelaysMs: [5] });
  const startedMs = performance.now();
  const startBytes = process.memoryUsage().rss;
  const error: unknown = await puller.pull(`${registry.host}/acme/web`).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code });
  expect(performance.now() - startedMs).toBeLessThan(SOON_MS);
  expect(process.memoryUsage().rss - startBytes).toBeLessThan(GROWTH_BYTES);
  expect(Bun.inspect(error, { depth: 10 })).not.toContain("secret-word");
  expect(registry.seen.length).toBeLessThan(20);
  puller.cached(image);
}

describe("a manifest", () => {
  test.each(MANIFESTS)("%s", (_what, tell, code) => refuse(tell, code));
});
describe("a config", () => {
  test.each(CONFIGS)("%s", (_what, tell, code) => refuse(tell, code));
});
describe("a layer", () => {
  test.each(LAYERS)("%s", (_what, tell, code) => refuse(tell, code));
});
describe("a wish", () => {
  test.each(TOKENS)("%s", (_what, tell, code) => refuse(tell, code));
});

test("a digest that somebody asked for is the one that comes", async () => {
  const registry = open(forManifest(() => send(makeImage().manifest)));
  await expect(us().pull(`${registry.host}/acme/web@${digestOf(image.manifest)}`)).rejects.toMatchObject({ code: "digest_mismatch" });
});
