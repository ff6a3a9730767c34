/** The documents above an image's blobs: an index of images for several platforms, and the manifest of one. Bytes come here verified. */
import { z } from "zod";
import { BangerError } from "../../contract/errors.ts";
import { boundedList, parseBy, parseJsonObject, unusable } from "./bounded-json.ts";
import {
  BUNDLE_TYPES,
  bundleLayerType,
  CONFIG_TYPES,
  isIndexType,
  isManifestType,
  isSchema1Type,
  readLayerType,
  type LayerCompression,
} from "./media-types.ts";
import type { Platform } from "./platform.ts";

export const DOCUMENT_MAX_BYTES = 4 * 2 ** 20;
export const CONFIG_MAX_BYTES = 8 * 2 ** 20;
const MAX_ENTRIES = 1000;
export const MAX_LAYERS = 512;
/** Of one layer. */
const LAYER_MAX_BYTES = 2 ** 40;

export interface Descriptor {
  readonly type: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly bytes: number;
}

export interface IndexEntry extends Descriptor {
  readonly platform: Platform | undefined;
  /** The tag in a layout. */
  readonly name: string | undefined;
}

export interface ManifestLayer extends Descriptor {
  readonly compression: LayerCompression;
}

export type ImageDocument =
  | { readonly kind: "index"; readonly entries: readonly IndexEntry[] }
  | { readonly kind: "manifest"; readonly config: Descriptor; readonly layers: readonly ManifestLayer[] }
  /** An image of ours, as `image push` puts it there. */
  | { readonly kind: "bundle"; readonly layer: Descriptor };

const word = z.string().max(256);
const descriptor = z.object({
  mediaType: word,
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, "is no digest by sha256"),
  size: z.number().int().min(0).max(LAYER_MAX_BYTES),
});
const platform = z.object({ os: word, architecture: word, variant: word.optional() });
const entry = descriptor.extend({ platform: platform.nullish(), annotations: z.record(z.string(), z.unknown()).nullish() });
const head = z.object({ schemaVersion: z.literal(2, "is of another version than 2"), mediaType: word.optional() });

/**
 * @param type what it was announced as: by the descriptor that named it, or by the registry; undefined where nobody said.
 * @param what for messages: `the manifest of docker.io/library/debian:bookworm`.
 * Throws `refused` `bad_oci_document`, `ambiguous_manifest`, `unsupported` `not_an_image`, `old_manifest`, `unusable_layer`.
 */
export function parseImageDocument(bytes: Uint8Array, type: string | undefined, what: string): ImageDocument {
  if (isSchema1Type(type)) throw schema1(what);
  const value = parseJsonObject(bytes, what);
  if (value["schemaVersion"] === 1) throw schema1(what);
  // To one reader it would be this, to another that.
  if (
    value["manifests"] !== undefined &&
    (value["layers"] !== undefined || value["config"] !== undefined || value["fsLayers"] !== undefined)
  )
    throw new BangerError("refused", "ambiguous_manifest", `cannot use ${what}: it is a manifest and an index at once`, {
      hint: "ask whoever made that image",
    });
  const { mediaType } = parseBy(head, value, what);
  if (type !== undefined && mediaType !== undefined && type !== mediaType)
    throw unusable(what, `it was announced as ${JSON.stringify(type)}, and calls itself ${JSON.stringify(mediaType)}`);
  const known = mediaType ?? type;
  const isIndex = value["manifests"] !== undefined;
  if (known !== undefined && !(isIndex ? isIndexType(known) : isManifestType(known)))
    throw unusable(what, `it calls itself ${JSON.stringify(known)}, and is ${isIndex ? "an index" : "none"}`);
  return isIndex ? parseIndex(value, what) : parseManifest(value, what);
}

function parseIndex(value: Readonly<Record<string, unknown>>, what: string): ImageDocument {
  const entries = boundedList(value["manifests"], MAX_ENTRIES, what).map((each): IndexEntry => {
    const { platform: of, annotations, ...rest } = parseBy(entry, each, what);
    const name = annotations?.["org.opencontainers.image.ref.name"];
    return {
      ...descriptorOf(rest),
      platform:
        of === undefined || of === null ? undefined : { os: of.os, architecture: of.architecture, variant: of.variant || undefined },
      name: typeof name === "string" ? name : undefined,
    };
  });
  return { kind: "index", entries };
}

function parseManifest(value: Readonly<Record<string, unknown>>, what: string): ImageDocument {
  if (value["artifactType"] === BUNDLE_TYPES.image) return parseBundle(value, what);
  const config = descriptorOf(parseBy(descriptor, value["config"], what));
  if (!CONFIG_TYPES.includes(config.type)) {
    const of = typeof value["artifactType"] === "string" ? value["artifactType"] : config.type;
    throw new BangerError("unsupported", "not_an_image", `cannot use ${what}: it is no image, but an artifact of the kind ${shown(of)}`, {
      hint: "look at the name and the tag",
    });
  }
  if (config.bytes > CONFIG_MAX_BYTES) throw unusable(what, `its config has ${config.bytes} bytes, and ${CONFIG_MAX_BYTES} are the most`);
  const layers = boundedList(value["layers"], MAX_LAYERS, what).map((each, at): ManifestLayer => {
    const layer = descriptorOf(parseBy(descriptor, each, what));
    const urls = (each as { readonly urls?: unknown }).urls;
    const kind =
      urls !== undefined && urls !== null && !(Array.isArray(urls) && urls.length === 0)
        ? { why: "it is to come from an address elsewhere" }
        : readLayerType(layer.type);
    if ("compression" in kind) return { ...layer, ...kind };
    throw new BangerError("unsupported", "unusable_layer", `cannot use ${what}: layer ${at + 1}: ${kind.why}`, {
      hint: "ask whoever made that image",
    });
  });
  return { kind: "manifest", config, layers };
}

function parseBundle(value: Readonly<Record<string, unknown>>, what: string): ImageDocument {
  const [first, ...others] = boundedList(value["layers"], MAX_LAYERS, what);
  if (first === undefined || others.length > 0) throw unusable(what, "it has not one layer, as a bundle of an image has");
  const layer = descriptorOf(parseBy(descriptor, first, what));
  if (layer.type !== bundleLayerType("image") || layer.bytes === 0)
    throw unusable(what, `its layer is no bundle, but ${shown(layer.type)} of ${layer.bytes} bytes`);
  return { kind: "bundle", layer };
}

function descriptorOf({ mediaType, digest, size }: z.output<typeof descriptor>): Descriptor {
  return { type: mediaType, digest, bytes: size };
}

function schema1(what: string): BangerError {
  return new BangerError(
    "unsupported",
    "old_manifest",
    `cannot use ${what}: it is of docker's old form (schema 1), in which nothing is verified`,
    { hint: "ask whoever keeps that image to push it again, with a docker of today" },
  );
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 128));
}
