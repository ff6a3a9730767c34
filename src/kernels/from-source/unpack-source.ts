/** A tarball into an empty folder by the system's tar, and where in it the source of Linux is. */
import type { Writable } from "node:stream";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { withUnpacked } from "./unpacked-stream.ts";

export interface SourceTree {
  readonly folder: string;
  /** As its Makefile says. */
  readonly version: string;
}

const UNPACK_MS = 15 * 60_000;
const MAKEFILE_MAX_BYTES = 2 ** 20;

/**
 * @param sha256 of the packed file as it was verified; the tree is of no use when other bytes were unpacked.
 * Throws `refused` `digest_mismatch`, `damaged_archive`, `unpacked_too_large`, `invalid` `no_kernel_source`.
 */
export async function unpackSource(
  system: System,
  archive: { readonly path: string; readonly what: string; readonly sha256: string | undefined },
  folder: string,
  signal: AbortSignal,
): Promise<SourceTree> {
  const { path, what } = archive;
  await system.files.makeFolder(folder);
  const found = await withUnpacked(system, path, what, signal, (content) => extract(system, content, what, folder, signal));
  if (archive.sha256 !== undefined && found !== archive.sha256) {
    throw new BangerError("refused", "digest_mismatch", `cannot use ${what}: it was changed after it had been verified`);
  }
  const names = await system.files.list(folder);
  const [only = ""] = names;
  const inside = names.length === 1 && (await system.files.find(`${folder}/${only}`))?.kind === "folder" ? `${folder}/${only}` : folder;
  return readSourceTree(system, inside, what);
}

/** Throws `invalid` `no_kernel_source`. */
export async function readSourceTree(system: System, folder: string, what: string): Promise<SourceTree> {
  const makefile = `${folder}/Makefile`;
  const text = (await system.files.find(makefile))?.kind === "file" ? await system.files.readText(makefile, MAKEFILE_MAX_BYTES) : "";
  const numberOf = (name: string): string | undefined => new RegExp(`^${name} = *(\\d{1,5})$`, "m").exec(text)?.[1];
  const [major, minor, patch] = ["VERSION", "PATCHLEVEL", "SUBLEVEL"].map(numberOf);
  if (major !== undefined && minor !== undefined) {
    return { folder, version: [major, minor, ...(patch === undefined || patch === "0" ? [] : [patch])].join(".") };
  }
  throw new BangerError("invalid", "no_kernel_source", `cannot build from ${what}: it has no Makefile of Linux at its top`, {
    hint: "give the folder or the tarball that has MAINTAINERS, Kconfig and Makefile at its top",
  });
}

async function extract(
  system: System,
  content: AsyncIterable<Uint8Array>,
  what: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const words: string[] = [];
  // It makes no path absolute, follows none through `..`, and puts links in place last: nothing gets out of the folder.
  const argv = [
    "tar",
    "--extract",
    "--file=-",
    `--directory=${folder}`,
    "--no-same-owner",
    "--no-same-permissions",
    "--delay-directory-restore",
  ];
  await using child = await system.processes.start(argv, {
    timeoutMs: UNPACK_MS,
    signal,
    isPatient: true,
    graceMs: 200,
    onStderrLine: (line) => void (words.length < 5 && words.push(line)),
  });
  child.stdout.resume();
  await feed(content, child.stdin);
  const end = await child.ended;
  signal.throwIfAborted();
  if (end.code === 0) return;
  const why = words.join("; ") || `tar ended with ${end.code ?? end.signal}`;
  throw new BangerError("refused", "damaged_archive", `cannot unpack ${what}: ${why}`);
}

/** All of it is read, so that its digest is of all: tar may be done before, at the archive's end or at what it does not like. */
async function feed(content: AsyncIterable<Uint8Array>, into: Writable): Promise<void> {
  let isOpen = true;
  let wake = (): void => undefined;
  const close = (): void => {
    isOpen = false;
    wake();
  };
  into.on("error", close);
  into.on("close", close);
  into.on("drain", () => wake());
  for await (const part of content) {
    if (isOpen && !into.write(part)) await new Promise<void>((resolve) => (wake = resolve));
  }
  if (isOpen) into.end();
}
