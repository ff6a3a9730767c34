/**
 * An image in what `docker save` writes. It has no manifest as registries have: one is made of what it says, so that all that follows is as
 * for other images. Its layers are read where they lie in the file.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { Transport } from "../fetch/transport.ts";
import { listMembers, type Member } from "./archive-members.ts";
import { boundedList, parseBy } from "./bounded-json.ts";
import { parseImageConfig } from "./image-config.ts";
import { CONFIG_MAX_BYTES, DOCUMENT_MAX_BYTES, MAX_LAYERS } from "./image-document.ts";
import { formatImageReference, parseImageReference, type LocalReference } from "./image-reference.ts";
import type { ImageSource, RootDocument } from "./image-source.ts";

const ADVICE = "save it anew";
const MAX_IMAGES = 1000;
const name = z.string().max(4096);
const saved = z.object({ Config: name, RepoTags: z.array(z.string().max(512)).nullish(), Layers: z.array(name).max(MAX_LAYERS) });
const LAYER_TYPES = { none: "tar", gzip: "tar+gzip", zstd: "tar+zstd" } as const;

export function openArchiveSource(system: System, reference: LocalReference): ImageSource {
  const { files } = system;
  const { path } = reference;
  const what = formatImageReference(reference);
  const places = new Map<string, Member>();

  const read = async (members: ReadonlyMap<string, Member>, wanted: string, maxBytes: number): Promise<Buffer> => {
    const { offset, bytes } = memberOf(members, wanted, what);
    if (bytes > maxBytes) throw noArchive(what, `${shown(wanted)} in it has more than ${maxBytes} bytes`);
    return files.readRange(path, offset, offset + bytes);
  };
  const root = async (signal: AbortSignal): Promise<RootDocument> => {
    const members = await list(system, path, what, signal);
    const { Config, Layers } = chooseSaved(await read(members, "manifest.json", DOCUMENT_MAX_BYTES), reference, what);
    const config = await read(members, Config, CONFIG_MAX_BYTES);
    const digest = digestOf(config);
    const told = hexIn(Config);
    if (told !== undefined && told !== digest) throw noArchive(what, "its config is not what its name says");
    places.set(digest, memberOf(members, Config, what));
    const { diffIds } = parseImageConfig(config, `the config of ${what}`);
    const layers = [];
    for (const [at, layer] of Layers.entries()) {
      const place = memberOf(members, layer, what);
      const how = compressionOf(await files.readRange(path, place.offset, place.offset + Math.min(4, place.bytes)));
      const id = how === "none" ? diffIds[at] : (hexIn(layer) ?? (await hash(system, path, place, signal)));
      if (id === undefined) throw noArchive(what, "it has more layers than its config");
      places.set(id, place);
      layers.push({ mediaType: `application/vnd.oci.image.layer.v1.${LAYER_TYPES[how]}`, digest: id, size: place.bytes });
    }
    const type = "application/vnd.oci.image.manifest.v1+json";
    const document = {
      schemaVersion: 2,
      mediaType: type,
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: config.length },
      layers,
    };
    return { bytes: Buffer.from(JSON.stringify(document)), type, digest };
  };
  const blobs: Transport = {
    advice: ADVICE,
    open: async (address, offset) => {
      const place = places.get(address.slice(address.lastIndexOf("#") + 1));
      if (place === undefined) throw noArchive(what, "it has no such blob");
      const start = Math.min(offset, place.bytes);
      return { offset: start, bytes: place.bytes - start, body: bodyOf(system, path, place, start) };
    },
  };
  return { root, documents: () => blobs, blobs, addressOf: (digest) => `docker-archive:${encodeURI(path)}#${digest}` };
}

async function list(system: System, path: string, what: string, signal: AbortSignal): Promise<ReadonlyMap<string, Member>> {
  const info = await system.files.find(path);
  if (info === undefined) throw noArchive(what, "there is no such file");
  if (info.kind !== "file") throw noArchive(what, `it is ${info.kind === "other" ? "no file" : `a ${info.kind}, and no file`}`);
  try {
    return await listMembers(system.files, path, info.bytes, signal);
  } catch (error) {
    if (signal.aborted || error instanceof BangerError || !(error instanceof Error)) throw error;
    throw noArchive(what, error.message, error);
  }
}

/** The only image, or that of the name. */
function chooseSaved(bytes: Uint8Array, reference: LocalReference, what: string): z.output<typeof saved> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch (error) {
    throw noArchive(what, "its manifest.json is not JSON", error);
  }
  const all = boundedList(value, MAX_IMAGES, what).map((each) => parseBy(saved, each, what));
  const wanted = reference.name === undefined ? undefined : wholeName(reference.name);
  const fitting = wanted === undefined ? all : all.filter(({ RepoTags }) => RepoTags?.some((tag) => wholeName(tag) === wanted));
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  const names = all.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => /^[\w.:/@-]+$/.test(tag));
  throw new BangerError(
    "not_found",
    "image_not_in_registry",
    `cannot use ${what}: it has ${fitting.length === 0 ? "none of that name" : "several images"}`,
    {
      hint: names.length === 0 ? ADVICE : `it has ${names.slice(0, 8).join(", ")}: docker-archive:FILE:NAME`,
    },
  );
}

function wholeName(text: string): string {
  try {
    return formatImageReference(parseImageReference(text));
  } catch {
    return text;
  }
}

function memberOf(members: ReadonlyMap<string, Member>, wanted: string, what: string): Member {
  const found = members.get(wanted);
  if (found === undefined) throw noArchive(what, `${shown(wanted)} is not in it, or only as a link`);
  return found;
}

/** The digest that a name of a file tells. */
function hexIn(file: string): string | undefined {
  const hex = /^(?:blobs\/sha256\/)?([0-9a-f]{64})(?:\.json)?$/.exec(file)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

function compressionOf(start: Buffer): keyof typeof LAYER_TYPES {
  const hex = start.toString("hex");
  return hex.startsWith("1f8b") ? "gzip" : hex === "28b52ffd" ? "zstd" : "none";
}

async function hash(system: System, path: string, place: Member, signal: AbortSignal): Promise<string> {
  const sum = createHash("sha256");
  for await (const part of bodyOf(system, path, place, 0)) {
    signal.throwIfAborted();
    sum.update(part);
  }
  return `sha256:${sum.digest("hex")}`;
}

async function* bodyOf({ files }: System, path: string, { offset, bytes }: Member, start: number): AsyncGenerator<Uint8Array> {
  if (start < bytes) yield* files.openRead(path, { start: offset + start, end: offset + bytes - 1 }) as AsyncIterable<Uint8Array>;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

function noArchive(what: string, why: string, cause?: unknown): BangerError {
  return new BangerError("refused", "bad_docker_archive", `cannot use ${what}: it is not what docker save writes: ${why}`, {
    hint: "docker save IMAGE -o FILE makes one, without compression",
    ...(cause === undefined ? {} : { cause }),
  });
}
