/** From a reference's root document down to one manifest and its config. Each is verified before anything looks into it. */
import { createHash } from "node:crypto";
import type { OciBundle, OciImage } from "../catalog.ts";
import type { Fetcher } from "../fetch/fetcher.ts";
import type { System } from "../../system/system.ts";
import { BangerError } from "../../contract/errors.ts";
import { unusable } from "./bounded-json.ts";
import { chooseManifest } from "./choose-manifest.ts";
import { parseImageConfig, type ImageConfig } from "./image-config.ts";
import { CONFIG_MAX_BYTES, DOCUMENT_MAX_BYTES, parseImageDocument, type Descriptor, type ImageDocument } from "./image-document.ts";
import { formatImageReference, type ImageReference } from "./image-reference.ts";
import type { ImageSource } from "./image-source.ts";
import { fits, formatPlatform, type Platform } from "./platform.ts";

const MAX_DEPTH = 3;
/** What every bundle is for; its manifest says so, too. */
const BUNDLE_PLATFORM: Platform = { os: "linux", architecture: "amd64", variant: undefined };

export interface ResolveParts {
  readonly system: System;
  readonly fetcher: Fetcher;
}

type Index = Extract<ImageDocument, { kind: "index" }>;
type Manifest = Extract<ImageDocument, { kind: "manifest" }>;

export async function resolveImage(
  { system, fetcher }: ResolveParts,
  source: ImageSource,
  reference: ImageReference,
  wanted: Platform,
  signal: AbortSignal,
): Promise<OciImage | OciBundle> {
  const text = formatImageReference(reference);
  const what = `the manifest of ${text}`;
  /** Through the download cache: what is there is not fetched, and is verified all the same. */
  const read = async (descriptor: Descriptor, maxBytes: number, through: ImageSource["blobs"], of: string): Promise<Uint8Array> => {
    const { digest, bytes } = descriptor;
    if (bytes > maxBytes) throw unusable(of, `it has ${bytes} bytes, and ${maxBytes} are the most`);
    const file = { url: source.addressOf(digest), bytes, sha256: digest.slice("sha256:".length) };
    const content = await system.files.read(await fetcher.verified(file, { signal }, through), maxBytes);
    // Somebody may have written into the cache since.
    if (digestOf(content) === digest) return content;
    throw unusable(of, "it was exchanged in the download cache");
  };

  const root = await source.root(signal);
  let digest = root.digest ?? digestOf(root.bytes);
  let document = parseImageDocument(root.bytes, root.type, what);
  for (let depth = 0; document.kind === "index"; depth++) {
    if (depth === MAX_DEPTH) throw unusable(what, `it is an index within an index, more than ${MAX_DEPTH} deep`);
    const entry = chooseManifest(named(document, reference, depth), wanted, text);
    digest = entry.digest;
    document = parseImageDocument(await read(entry, DOCUMENT_MAX_BYTES, source.documents(entry.type), what), entry.type, what);
  }
  if (document.kind === "bundle") {
    if (!fits({ ...wanted, variant: undefined }, BUNDLE_PLATFORM)) throw otherPlatform(BUNDLE_PLATFORM, wanted, text);
    const { digest: blob, bytes } = document.layer;
    return { kind: "bundle", reference: text, digest, layers: [{ digest: blob, bytes }] };
  }
  const config = parseImageConfig(
    await read(document.config, CONFIG_MAX_BYTES, source.blobs, `the config of ${text}`),
    `the config of ${text}`,
  );
  requireFit(config, document, wanted, text);
  const layers = document.layers.map(({ digest: blob, bytes, compression }, at) => ({
    digest: blob,
    bytes,
    compression,
    diffId: config.diffIds[at] ?? "",
  }));
  return { kind: "image", reference: text, digest, platform: config.platform, config: config.config, layers };
}

/** In a layout the tag is a note at an entry of its index. */
function named({ entries }: Index, reference: ImageReference, depth: number): Index["entries"] {
  if (reference.kind !== "layout" || reference.name === undefined || depth > 0) return entries;
  const fitting = entries.filter(({ name }) => name === reference.name);
  if (fitting.length > 0) return fitting;
  const names = entries.flatMap(({ name }) => (name !== undefined && /^[\w.:/@-]+$/.test(name) ? [name] : []));
  throw new BangerError("not_found", "image_not_in_registry", `cannot use ${formatImageReference(reference)}: it has none of that tag`, {
    hint: names.length === 0 ? "leave the tag out" : `it has ${names.slice(0, 8).join(", ")}`,
  });
}

function requireFit({ platform, diffIds }: ImageConfig, { layers }: Manifest, wanted: Platform, text: string): void {
  if (layers.length === 0) throw unusable(text, "it has no layers");
  if (diffIds.length !== layers.length) throw unusable(text, `it has ${layers.length} layers, and its config tells of ${diffIds.length}`);
  if (fits({ ...wanted, variant: undefined }, platform)) return;
  throw otherPlatform(platform, wanted, text);
}

function otherPlatform(platform: Platform, wanted: Platform, text: string): BangerError {
  return new BangerError(
    "not_found",
    "no_such_platform",
    `cannot use ${text}: it is for ${formatPlatform(platform)}, not for ${formatPlatform(wanted)}`,
    {
      hint: "look at the name and the tag, or --platform",
    },
  );
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
