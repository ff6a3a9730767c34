/**
 * What there is to be sent, one step after the other. Folders are walked by descriptors and links are not followed, unless that was
 * asked for; what cannot be sent is a step, too.
 */
import { constants, fstatSync, lstatSync, readdirSync, readlinkSync, statSync, type BigIntStats } from "node:fs";
import { MAX_DEPTH, MAX_NAME_BYTES, MAX_PATH_BYTES } from "../../contract/copy-frames.ts";
import type { CopyMessage } from "../../contract/copy-messages.ts";
import { LeftOut, unreadable, type Why } from "./copy-errors.ts";
import { Folder } from "./folder.ts";
import { isPartName } from "./part-file.ts";
import { SourceFile } from "./source-file.ts";

const { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } = constants;
const SPECIAL = new Map([
  [S_IFIFO, "a FIFO"],
  [S_IFSOCK, "a socket"],
  [S_IFCHR, "a device"],
  [S_IFBLK, "a device"],
]);

export type Step =
  | { readonly is: "said"; readonly message: Extract<CopyMessage, { type: "folder" | "link" }> }
  | { readonly is: "left" }
  | { readonly is: "file"; readonly name: Uint8Array; readonly file: SourceFile }
  | { readonly is: "problem"; readonly path: string; readonly why: Why };

/** The place of an entry: in an open folder, or as somebody named it. */
interface Place {
  readonly parent: Folder | undefined;
  readonly at: Uint8Array;
  readonly name: Uint8Array;
  /** For people. */
  readonly path: string;
  readonly follow: boolean;
}

/** The folders that an entry lies in: a link that leads back to one of them goes in a circle. */
type Ancestors = readonly string[];

/** What was named. A dot at the end, or the root, means what is in it; a slash follows a link. */
export function* walk(sources: readonly string[], follow: boolean): Generator<Step, void> {
  for (const source of sources) {
    const named = source.replace(/\/+$/, "");
    const last = named.slice(named.lastIndexOf("/") + 1);
    const isContent = ["", ".", ".."].includes(last);
    const place = {
      parent: undefined,
      at: Buffer.from(source === "" ? "." : source),
      name: Buffer.from(isContent ? "" : last),
      path: source,
      follow: follow || isContent || source.endsWith("/"),
    };
    yield* enter(place, follow, []);
  }
}

function* enter(place: Place, follow: boolean, ancestors: Ancestors): Generator<Step, void> {
  let open: Opened;
  try {
    open = openPlace(place, ancestors);
  } catch (error) {
    yield { is: "problem", path: place.path, why: unreadable(error).why };
    return;
  }
  if (!("folder" in open)) {
    yield open.step;
    return;
  }
  const { folder, stat } = open;
  try {
    yield { is: "said", message: { type: "folder", name: place.name, ...metaOf(stat) } };
    yield* children(folder, place.path, follow, [...ancestors, identityOf(stat)]);
    yield { is: "left" };
  } finally {
    folder.release();
  }
}

function* children(folder: Folder, path: string, follow: boolean, ancestors: Ancestors): Generator<Step, void> {
  let names: readonly Buffer[];
  try {
    names = readdirSync(`/proc/self/fd/${folder.descriptor}`, { encoding: "buffer" });
  } catch (error) {
    yield { is: "problem", path, why: unreadable(error).why };
    return;
  }
  for (const name of names) {
    if (isPartName(name)) continue;
    const child = { parent: folder, at: name, name, path: `${path}${path.endsWith("/") ? "" : "/"}${name.toString()}`, follow };
    yield* enter(child, follow, ancestors);
  }
}

type Opened = { readonly step: Step } | { readonly folder: Folder; readonly stat: BigIntStats };

/** Throws what is told as a problem. */
function openPlace(place: Place, ancestors: Ancestors): Opened {
  const { parent, at, name, path, follow } = place;
  if (name.length > MAX_NAME_BYTES || Buffer.byteLength(path) > MAX_PATH_BYTES)
    throw new LeftOut("limit", `its path is longer than ${MAX_PATH_BYTES} bytes`);
  const full = parent === undefined ? Buffer.from(at) : parent.at(at);
  const stat = (follow ? statSync : lstatSync)(full, { bigint: true });
  switch (Number(stat.mode) & S_IFMT) {
    case S_IFDIR:
      return openFolder(place, ancestors);
    case S_IFREG:
      return { step: { is: "file", name, file: new SourceFile(full, path, follow) } };
    case S_IFLNK: {
      const target = readlinkSync(full, { encoding: "buffer" });
      if (target.length === 0 || target.length >= MAX_PATH_BYTES) throw new LeftOut("limit", "it leads further than a link can");
      return { step: { is: "said", message: { type: "link", mtimeNs: stat.mtimeNs, name, target } } };
    }
    default:
      throw new LeftOut("special", `it is ${SPECIAL.get(Number(stat.mode) & S_IFMT) ?? "no file"}, which is not copied`);
  }
}

function openFolder({ parent, at, follow }: Place, ancestors: Ancestors): Opened {
  if (ancestors.length >= MAX_DEPTH) throw new LeftOut("limit", `it lies more than ${MAX_DEPTH} folders deep`);
  const folder = parent === undefined ? Folder.open(Buffer.from(at)) : Folder.openIn(parent, at, follow);
  const stat = fstatSync(folder.descriptor, { bigint: true });
  if (!ancestors.includes(identityOf(stat))) return { folder, stat };
  folder.release();
  throw new LeftOut("limit", "the links to it go in a circle");
}

function metaOf(stat: BigIntStats): { readonly mode: number; readonly mtimeNs: bigint } {
  return { mode: Number(stat.mode) & 0o7777, mtimeNs: stat.mtimeNs };
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}
