/** Images made for a test, a registry of ours that says what it is told to, and somebody who pulls. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync, zstdDecompressSync } from "node:zlib";
import { openFetcher } from "../../src/catalog/fetch/open-fetcher.ts";
import { makeOciSources, type OciSourcesParts } from "../../src/catalog/oci/oci-sources.ts";
import type { OciBundle, OciImage, OciSources } from "../../src/catalog/catalog.ts";
import type { StageContext } from "../../src/operations/operations.ts";
import { makeJsonLog } from "../../src/system/json-log.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import type { System } from "../../src/system/system.ts";

export const TYPES = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

export interface Blob {
  readonly bytes: Buffer;
  readonly type: string;
}

export interface MadeImage {
  readonly manifest: Buffer;
  readonly config: Buffer;
  readonly layers: readonly Buffer[];
  /** All of it by digest. */
  readonly blobs: ReadonlyMap<string, Blob>;
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export function descriptorOf(bytes: Uint8Array, mediaType: string) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

export function jsonOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** @param sizes of its layers, which do not shrink. */
export function makeImage(sizes: readonly number[] = [1000, 2000], architecture = "amd64"): MadeImage {
  const tars = sizes.map((bytes) => randomBytes(bytes));
  const layers = tars.map((tar) => gzipSync(tar));
  const config = jsonOf({
    os: "linux",
    architecture,
    config: { Env: ["PATH=/bin"], Cmd: ["sh"] },
    rootfs: { type: "layers", diff_ids: tars.map(digestOf) },
  });
  const manifest = jsonOf({
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: descriptorOf(config, TYPES.config),
    layers: layers.map((layer) => descriptorOf(layer, TYPES.layer)),
  });
  const blobs = new Map<string, Blob>();
  for (const [bytes, type] of [
    [manifest, TYPES.manifest],
    [config, TYPES.config],
    ...layers.map((layer) => [layer, TYPES.layer] as const),
  ] as const)
    blobs.set(digestOf(bytes), { bytes, type });
  return { manifest, config, layers, blobs };
}

export interface FakeRegistry {
  readonly host: string;
  /** `GET /v2/a/b/manifests/latest -`, with what was shown of us. */
  readonly seen: string[];
}

export type Tell = (request: Request, url: URL) => Response | undefined | Promise<Response | undefined>;

/** Has `acme/web:latest` and its blobs. @param tell goes before what it would say. */
export function openFakeRegistry(image: MadeImage, tell: Tell = () => undefined): FakeRegistry & AsyncDisposable {
  const seen: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 60,
    fetch: async (request) => {
      const url = new URL(request.url);
      seen.push(`${request.method} ${url.pathname} ${request.headers.get("authorization") ?? "-"}`);
      return (await tell(request, url)) ?? answerOf(image, request, url);
    },
  });
  return { host: `127.0.0.1:${server.port}`, seen, [Symbol.asyncDispose]: () => server.stop(true) };
}

function answerOf(image: MadeImage, request: Request, url: URL): Response {
  const [, kind, name = ""] = /^\/v2\/acme\/web\/(manifests|blobs)\/(.+)$/.exec(url.pathname) ?? [];
  const blob = image.blobs.get(name === "latest" ? digestOf(image.manifest) : name);
  if (kind === undefined || blob === undefined) return new Response(null, { status: 404 });
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
  const headers = { "content-type": kind === "manifests" ? blob.type : "application/octet-stream" };
  if (start === 0) return new Response(blob.bytes, { headers });
  const range = `bytes ${start}-${blob.bytes.length - 1}/${blob.bytes.length}`;
  return new Response(blob.bytes.subarray(start), { status: 206, headers: { ...headers, "content-range": range } });
}

export interface Puller extends Disposable {
  readonly folder: string;
  readonly system: System;
  readonly sources: OciSources;
  readonly context: Parameters<OciSources["resolve"]>[2];
  readonly progress: number[];
  /** Resolves and fetches. */
  readonly pull: (text: string, platform?: string) => Promise<readonly string[]>;
  /**
   * Names in the download cache. Throws when one of them has not the content that it is named by; what broke off, and can go on, is the
   * beginning of a blob of the image.
   */
  readonly cached: (image: MadeImage) => readonly string[];
}

export function openPuller(more: Partial<OciSourcesParts> = {}, signal = new AbortController().signal): Puller {
  const folder = mkdtempSync(join(tmpdir(), "banger-oci-"));
  const system = makeSystem({ BANGER_HOME: join(folder, "home"), PATH: process.env["PATH"] }, makeJsonLog(2));
  const { retryDelaysMs = [5, 5], stallMs = 1000 } = more;
  const fetcher = openFetcher(system, { proxies: {}, advice: "ask", retryDelaysMs, stallMs });
  const sources = makeOciSources({
    system,
    fetcher,
    settings: {},
    proxies: {},
    variables: {},
    architecture: "amd64",
    ...more,
    retryDelaysMs,
    stallMs,
  });
  const progress: number[] = [];
  const stage: StageContext = { progress: (done) => void progress.push(done), note: () => undefined };
  const context: Puller["context"] = { operationId: "test", signal, stage: (_name, body) => body(stage) };
  return {
    folder,
    system,
    sources,
    context,
    progress,
    pull: async (text, platform) => sources.fetchLayers(await sources.resolve(text, { platform }, context), context),
    cached: (image) => listVerified(system.layout.downloads, image),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

function listVerified(folder: string, image: MadeImage): readonly string[] {
  const names = readNames(folder).toSorted();
  for (const name of names) {
    const content = readFileSync(join(folder, name));
    const whole = image.blobs.get(name.replace(".part", "").replace("-", ":"))?.bytes;
    const isRight = name.endsWith(".part")
      ? whole?.subarray(0, content.length).equals(content) === true
      : name.replace("-", ":") === digestOf(content);
    if (!isRight) throw new Error(`the cache has ${name} of ${content.length} bytes`);
  }
  return names;
}

function readNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Throws unless each blob is what its digest says, and in it is the tar that the config names. */
export function checkLayers(image: OciImage | OciBundle, paths: readonly string[]): void {
  if (image.kind === "bundle") throw new Error("it is a bundle");
  if (paths.length !== image.layers.length) throw new Error(`there are ${paths.length} blobs`);
  for (const [index, { digest, bytes, compression, diffId }] of image.layers.entries()) {
    const blob = readFileSync(paths[index] ?? "");
    if (digestOf(blob) !== digest || blob.length !== bytes) throw new Error(`layer ${index} is not ${digest}`);
    const tar = compression === "gzip" ? gunzipSync(blob) : compression === "zstd" ? zstdDecompressSync(blob) : blob;
    if (digestOf(tar) !== diffId) throw new Error(`in layer ${index} there is not ${diffId}`);
  }
}
