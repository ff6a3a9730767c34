/**
 * A registry: the bundle is the one layer of an artifact (OCI image specification 1.1), which keeps it from being collected as garbage. The
 * catalog names the layer itself, by its digest.
 */
import { isTransient } from "../fetch/is-transient.ts";
import { createHash } from "node:crypto";
import { BangerError } from "../../contract/errors.ts";
import type { Clock, System } from "../../system/system.ts";
import { decideRedirect } from "../fetch/redirect.ts";
import { BUNDLE_TYPES, bundleLayerType } from "../oci/media-types.ts";
import { formatOciReference, type OciReference } from "../oci/oci-reference.ts";
import type { Registry, RegistryRequest } from "./registry.ts";
import { pause, type Body, type Reply } from "./sender.ts";
import { bodyOf, bodyOfBytes, type Bundle, type Store } from "./store.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
/** What an artifact has that needs no config: `{}`. */
const EMPTY = Buffer.from("{}");
const EMPTY_TYPE = "application/vnd.oci.empty.v1+json";
const TAG_MAX_CHARACTERS = 128;

interface Blob {
  readonly digest: string;
  readonly what: string;
  readonly body: Body;
}

/** @param open asked for when something is to be sent. @param retryDelaysMs between tries of a whole upload. */
export function makeOciStore(
  system: System,
  reference: OciReference,
  open: (signal: AbortSignal) => Promise<Registry>,
  retryDelaysMs: readonly number[],
): Store {
  return {
    shown: formatOciReference(reference),
    addressOf: ({ sha256 }) => formatOciReference({ ...reference, tag: undefined, digest: `sha256:${sha256}` }),
    upload: async (bundle, signal, onProgress) => {
      const registry = await open(signal);
      const layer = { digest: `sha256:${bundle.sha256}`, what: bundle.name, body: bodyOf(system, bundle, onProgress) };
      const isNew = await pushBlob(system.clock, registry, layer, retryDelaysMs, signal);
      const config = { digest: digestOf(EMPTY), what: "the config of an artifact", body: bodyOfBytes(EMPTY) };
      await pushBlob(system.clock, registry, config, retryDelaysMs, signal);
      const isNewManifest = await putManifest(registry, `manifests/${reference.tag ?? tagOf(bundle)}`, manifestOf(bundle), signal);
      return isNew || isNewManifest;
    },
  };
}

/** The digest that a bundle's artifact has, wherever it is. */
export function artifactDigest(bundle: Bundle): string {
  return digestOf(manifestOf(bundle));
}

/** False when that is what is there. */
async function putManifest(registry: Registry, to: string, manifest: Uint8Array, signal: AbortSignal): Promise<boolean> {
  const found = await look(registry, { method: "HEAD", to, headers: { accept: MANIFEST } }, signal);
  if (found?.status === 200 && found.headers.get("docker-content-digest") === digestOf(manifest)) return false;
  const put = { method: "PUT", to, headers: { "content-type": MANIFEST }, body: bodyOfBytes(manifest) } as const;
  const reply = await registry.send(put, signal);
  if (reply.status !== 201) throw failure("the manifest of an artifact", reply);
  return true;
}

/** Undefined for who may not look: they may still put. */
async function look(registry: Registry, request: RegistryRequest, signal: AbortSignal): Promise<Reply | undefined> {
  try {
    return await registry.send(request, signal);
  } catch (error) {
    if (error instanceof BangerError && error.code === "registry_denied") return undefined;
    throw error;
  }
}

/** False when it was there. */
async function pushBlob(
  clock: Clock,
  registry: Registry,
  blob: Blob,
  retryDelaysMs: readonly number[],
  signal: AbortSignal,
): Promise<boolean> {
  if (await isThere(registry, blob, signal)) return false;
  // An upload that broke off has left a session that nobody knows the state of: each try has one of its own.
  for (const delayMs of retryDelaysMs) {
    try {
      const reply = await pushOnce(registry, blob, signal);
      if (reply.status === 201) return true;
      if (!isTransient(reply.status)) throw failure(blob.what, reply);
    } catch (error) {
      if (!(error instanceof BangerError) || error.code !== "store_unreachable") throw error;
    }
    await pause(clock, delayMs, signal);
  }
  const reply = await pushOnce(registry, blob, signal);
  if (reply.status !== 201) throw failure(blob.what, reply);
  return true;
}

async function isThere(registry: Registry, { digest, body }: Blob, signal: AbortSignal): Promise<boolean> {
  const found = await look(registry, { method: "HEAD", to: `blobs/${digest}` }, signal);
  return found?.status === 200 && found.headers.get("content-length") === String(body.bytes);
}

async function pushOnce(registry: Registry, { digest, what, body }: Blob, signal: AbortSignal): Promise<Reply> {
  const begun = await registry.send({ method: "POST", to: "blobs/uploads/", body: bodyOfBytes(new Uint8Array()) }, signal);
  // Some know the blob from elsewhere.
  if (begun.status !== 202) return begun;
  const from = new URL(begun.url);
  const verdict = decideRedirect(from, begun.headers.get("location"));
  if (verdict.is === "refused")
    throw new BangerError(
      "refused",
      "redirect_refused",
      `cannot upload ${what}: ${from.host} says where to, and that was not followed: ${verdict.why}`,
    );
  verdict.url.searchParams.set("digest", digest);
  return registry.send(
    { method: "PUT", to: verdict.url, headers: { "content-type": "application/octet-stream" }, body, isOnce: true },
    signal,
  );
}

function manifestOf({ name, sha256, bytes, type }: Bundle): Buffer {
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType: BUNDLE_TYPES[type],
    config: { mediaType: EMPTY_TYPE, digest: digestOf(EMPTY), size: EMPTY.length },
    layers: [
      {
        mediaType: bundleLayerType(type),
        digest: `sha256:${sha256}`,
        size: bytes,
        annotations: { "org.opencontainers.image.title": name },
      },
    ],
  };
  return Buffer.from(JSON.stringify(manifest));
}

/** A tag of its own for each content, so that the artifact is kept while others come. */
function tagOf({ name, sha256 }: Bundle): string {
  const tag = name.replace(/\.tar\.zst$/, "");
  return tag.length <= TAG_MAX_CHARACTERS ? tag : `sha256-${sha256}`;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Of a refusal its code alone, which the specification lists. */
function failure(what: string, { status, text }: Reply): BangerError {
  const code = /"code"\s*:\s*"([A-Z_]{1,40})"/.exec(text)?.[1];
  const message = `cannot upload ${what}: the registry answered ${code === undefined ? status : `${status} ${code}`}`;
  if (status === 401 || status === 403)
    return new BangerError("refused", "store_denied", message, { hint: "look whether this user may push to the repository" });
  return new BangerError("unavailable", "store_failed", message, { hint: "look after the address of the registry, and try again" });
}
