/**
 * Layers of an image into one base. The program `banger-layers` does it, which reads what strangers wrote and nothing else:
 *
 *     banger-layers merge OUT_PATH
 *
 * On its stdin is one line, `{"layers": [{path, compression, digest, diffId} or {folder}], "limits": {bytes, entries}, "seed": PATH or null}`, bottom layer first, and
 * behind it the layer whose path is `-`. On its stdout are documents, a line each: `{"progress": {readBytes}}`, and at last `{"done": {bytes, entries, checksum, release, hasSeed}}`
 * of the file that it made, with code 0, or `{"failed": {code, message}}`, with code 1.
 */
import type { Readable } from "node:stream";
import { z } from "zod";
import type { OciLayer } from "../../catalog/catalog.ts";
import { diskFull } from "../../contract/disk-full.ts";
import { BangerError } from "../../contract/errors.ts";
import { escapeText } from "../../contract/escape-text.ts";
import type { Child, System } from "../../system/system.ts";
import { checksum } from "../store/image-manifest.ts";
import { feedLayer } from "./feed-layer.ts";

/** Verified by its digest when it was fetched, and yet to be verified by its diff id: what the disk did to it meanwhile, that finds, too. */
type KnownLayer = Pick<OciLayer, "compression" | "diffId"> & { readonly path: string };
/**
 * A tar, plain or by gzip or zstd, that nobody vouches for but its own end: a file or a named pipe, or what a stream gives, of which there may
 * be one. The stream is closed at the end; what it fails with is thrown as it is. Or a folder of this computer.
 */
type UnknownLayer = { readonly path: string } | { readonly stream: Readable } | { readonly folder: string };

export interface MergeWanted {
  /** Bottom first. */
  readonly layers: readonly (KnownLayer | UnknownLayer)[];
  /** A new file. */
  readonly outPath: string;
  /** An empty ext4, which gets root's home where that is plain. */
  readonly seedPath?: string | undefined;
  /** For messages: `cannot pull image debian:bookworm`. */
  readonly what: string;
  /** What to do about a layer that is no good, by code; to ask whoever made the image when left out. */
  readonly hints?: Readonly<Record<string, string>>;
  /** Of content. */
  readonly maxBytes?: number | undefined;
}

export interface Merged {
  readonly bytes: number;
  readonly entries: number;
  /** See `checksum.ts`. */
  readonly checksum: string;
  /** Whether the seed has root's home; otherwise it is of no use. */
  readonly hasSeed: boolean;
  /** What system the files say they are, in plain words. */
  readonly release: { readonly id: string; readonly version: string | null; readonly codename: string | null } | null;
}

/** No image that anybody would boot comes near these. Names are held in memory: so many take less than 256 MiB. */
const LIMITS = { bytes: 64 * 2 ** 30, entries: 1_250_000 };
const TIMEOUT_MS = 60 * 60_000;
const LINE_MAX_CHARACTERS = 64 * 1024;

const CODES = [
  "digest_mismatch",
  "damaged_layer",
  "unsupported_layer",
  "layer_too_large",
  "file_unreadable",
  "folder_changed",
  "disk_full",
  "system",
] as const;
const count = z.number().int().nonnegative();
const word = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,47}$/);
const release = z.strictObject({ id: word, version: word.nullable(), codename: word.nullable() }).nullable();
const line = z.union([
  z.strictObject({ progress: z.strictObject({ readBytes: count }) }),
  z.strictObject({
    done: z.strictObject({ bytes: count, entries: count, checksum, release, hasSeed: z.boolean() }),
  }),
  z.strictObject({ failed: z.strictObject({ code: z.enum(CODES), message: z.string().max(4096) }) }),
]);

/**
 * Runs the merging program: the one place where it is started.
 * @param program its path. Leaves half a file when it fails.
 * Throws `unavailable` `disk_full` or `program_failed`, `refused` with the program's own code for layers that are no good.
 */
export async function mergeLayers(
  system: System,
  program: string,
  { layers, outPath, seedPath, what, hints = {}, maxBytes = LIMITS.bytes }: MergeWanted,
  signal: AbortSignal,
  onProgress: (readBytes: number) => void,
): Promise<Merged> {
  const words: string[] = [];
  await using child = await system.processes.start([program, "merge", outPath], {
    timeoutMs: TIMEOUT_MS,
    signal,
    isPatient: true,
    onStderrLine: (text) => {
      if (words.length < 5) words.push(text);
    },
  });
  // It may end before it has read all; what it says tells more than the broken pipe.
  child.stdin.on("error", () => undefined);
  child.stdin.write(
    `${JSON.stringify({ layers: layers.map(describe), limits: { ...LIMITS, bytes: Math.min(maxBytes, LIMITS.bytes) }, seed: seedPath ?? null })}\n`,
  );
  const [stream] = layers.flatMap((layer) => ("stream" in layer ? [layer.stream] : []));
  if (stream === undefined) child.stdin.end();
  using feeding = stream === undefined ? undefined : feedLayer(stream, child.stdin);
  try {
    return await followMerge(child, { what, hints, disk: system.layout.images }, signal, onProgress, words);
  } catch (error) {
    throw signal.aborted ? error : (feeding?.failure() ?? error);
  }
}

/** As the program wants it. */
function describe(layer: KnownLayer | UnknownLayer): Readonly<Record<string, string | null>> {
  if ("folder" in layer) return layer;
  if ("stream" in layer) return { path: "-", compression: "detect" };
  if (!("diffId" in layer)) return { path: layer.path, compression: "detect" };
  const { path, compression, diffId } = layer;
  return { path, compression, diffId };
}

interface FollowWanted extends Required<Pick<MergeWanted, "what" | "hints">> {
  /** A folder on the disk that is written to. Not that of the draft, which is gone by the time that somebody looks there. */
  readonly disk: string;
}

async function followMerge(
  child: Child,
  { what, hints, disk }: FollowWanted,
  signal: AbortSignal,
  onProgress: (readBytes: number) => void,
  words: readonly string[],
): Promise<Merged> {
  let merged: Merged | undefined;
  for await (const text of linesOf(child.stdout as AsyncIterable<Uint8Array>)) {
    const said = parseLine(text);
    if (said === undefined) throw ended(what, `it said ${JSON.stringify(text.slice(0, 200))}`);
    if ("progress" in said) onProgress(said.progress.readBytes);
    else if ("done" in said) merged = said.done;
    else if (said.failed.code === "disk_full") throw diskFull(what, disk, said.failed.message);
    else throw failure(what, said.failed, hints);
  }
  const { code, signal: killedBy } = await child.ended;
  if (signal.aborted) throw new BangerError("cancelled", "cancelled", `${what}: it was cancelled`, { cause: signal.reason });
  if (code === 0 && merged !== undefined) return merged;
  throw ended(what, words.join("; ") || `it ended with ${code ?? killedBy ?? "nothing"}`);
}

async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of stream) {
    const lines = (rest + decoder.decode(part, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
    // No line of it is so long; it is then told as what it is.
    if (rest.length > LINE_MAX_CHARACTERS) break;
  }
  if (rest !== "") yield rest;
}

function parseLine(text: string): z.output<typeof line> | undefined {
  try {
    return line.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** What it says may have names of files of the image in it. */
function failure(
  what: string,
  { code, message }: { readonly code: string; readonly message: string },
  hints: Readonly<Record<string, string>>,
): BangerError {
  const text = `${what}: ${escapeText(message)}`;
  if (code === "system") return ended(what, message);
  return new BangerError("refused", code, text, { hint: hints[code] ?? "ask whoever made that image" });
}

function ended(what: string, why: string): BangerError {
  return new BangerError("unavailable", "program_failed", `${what}: the program that puts its layers together failed: ${escapeText(why)}`, {
    hint: "try again; banger doctor",
  });
}
