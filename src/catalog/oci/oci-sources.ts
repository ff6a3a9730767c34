/** Images that are in no catalog: from what somebody typed to verified blobs in the download cache. */
import type { System } from "../../system/system.ts";
import type { OciBlob, OciBundle, OciImage, OciSources, ProxyEnvironment } from "../catalog.ts";
import type { Fetcher } from "../fetch/fetcher.ts";
import { openArchiveSource } from "./archive-source.ts";
import { openLayoutSource } from "./layout-source.ts";
import { parseImageReference, type ImageReference } from "./image-reference.ts";
import type { ImageSource } from "./image-source.ts";
import { makeLogins } from "./logins.ts";
import { parsePlatform } from "./platform.ts";
import type { RegistrySettings } from "./registry-settings.ts";
import { openRegistrySource } from "./registry-source.ts";
import { resolveImage } from "./resolve-image.ts";

export interface OciSourcesParts {
  readonly system: System;
  /** Shared, so that two who want one blob fetch it once. */
  readonly fetcher: Fetcher;
  readonly settings: RegistrySettings;
  readonly proxies: ProxyEnvironment;
  /** The user's environment, for the logins that it may have or lead to. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** As a manifest names it. */
  readonly architecture: string;
  /** Pauses between tries after a fault of the way. */
  readonly retryDelaysMs?: readonly number[];
  /** After this long without a byte a connection is dead. */
  readonly stallMs?: number;
}

const RETRY_DELAYS_MS = [500, 2000, 5000];
const STALL_MS = 30_000;
const AT_ONCE = 3;

export function makeOciSources(parts: OciSourcesParts): OciSources {
  const { system, fetcher, settings, proxies, variables, architecture, retryDelaysMs = RETRY_DELAYS_MS, stallMs = STALL_MS } = parts;
  const logins = makeLogins(system, variables);
  /** Of the images that were resolved: a registry need not be asked for a token again. */
  const sources = new WeakMap<OciImage | OciBundle, ImageSource>();
  const open = (reference: ImageReference): ImageSource => {
    if (reference.kind === "registry") return openRegistrySource({ system, proxies, settings, logins, retryDelaysMs, stallMs }, reference);
    return reference.kind === "layout" ? openLayoutSource(system, reference) : openArchiveSource(system, reference);
  };
  const openAgain = async (image: OciImage | OciBundle, signal: AbortSignal): Promise<ImageSource> => {
    const source = open(parseImageReference(image.reference));
    // Where the blobs are in a file, its beginning tells.
    if (image.reference.startsWith("docker-archive:")) await source.root(signal);
    return source;
  };
  return {
    resolve: async (text, { platform }, { stage, signal }) => {
      const wanted = parsePlatform(platform, architecture);
      const reference = parseImageReference(text);
      const source = open(reference);
      const image = await stage("resolve", () => resolveImage({ system, fetcher }, source, reference, wanted, signal));
      sources.set(image, source);
      return image;
    },
    fetchLayers: (image, { stage, signal }) =>
      stage("download", async (running) => {
        const source = sources.get(image) ?? (await openAgain(image, signal));
        return fetchAll(fetcher, source, image.layers, signal, (done, total) => running.progress(done, total, "bytes"));
      }),
    forgetLayers: async ({ layers }) => {
      for (const { digest } of layers) await fetcher.forgetVerified(digest.slice("sha256:".length));
    },
  };
}

/** Some at once, each blob once. The first failure stops the others, and is what is told. */
async function fetchAll(
  fetcher: Fetcher,
  source: ImageSource,
  layers: readonly OciBlob[],
  outer: AbortSignal,
  onProgress: (doneBytes: number, totalBytes: number) => void,
): Promise<readonly string[]> {
  const wanted = [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
  const totalBytes = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
  const done = new Map<string, number>();
  const paths = new Map<string, string>();
  const failed = new AbortController();
  const signal = AbortSignal.any([outer, failed.signal]);
  const left = wanted.values();
  let failure: unknown;
  const work = async (): Promise<void> => {
    for (const { digest, bytes } of left) {
      if (signal.aborted) return;
      try {
        const file = { url: source.addressOf(digest), bytes, sha256: digest.slice("sha256:".length) };
        const note = (doneBytes: number): void => {
          done.set(digest, doneBytes);
          onProgress(
            [...done.values()].reduce((sum, each) => sum + each, 0),
            totalBytes,
          );
        };
        paths.set(digest, await fetcher.verified(file, { signal, onProgress: note }, source.blobs));
      } catch (error) {
        if (!failed.signal.aborted) failure = error;
        failed.abort(error);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (failed.signal.aborted) throw failure;
  outer.throwIfAborted();
  return layers.map(({ digest }) => {
    const path = paths.get(digest);
    if (path === undefined) throw new Error(`the blob ${digest} was not fetched`);
    return path;
  });
}
