/** A sparse ext4 in a new file. */
import { dirname } from "node:path";
import { diskFull } from "../contract/disk-full.ts";
import { BangerError } from "../contract/errors.ts";
import type { System } from "../system/system.ts";
import { DISK_SHAPE, MKE2FS_MIN_VERSION, ext4Arguments } from "./ext4-arguments.ts";

const TIMEOUT_MS = 60_000;

/** Leaves nothing at `path` when it fails. */
export async function makeBlank(system: System, path: string, bytes: number, signal: AbortSignal): Promise<void> {
  await makeSparse(system, path, bytes);
  try {
    const result = await system.processes.run(["mke2fs", ...ext4Arguments(DISK_SHAPE), path], { timeoutMs: TIMEOUT_MS, signal });
    if (result.code !== 0) throw blankFailure(path, result.stderr);
  } catch (error) {
    await system.files.removeFile(path);
    throw error instanceof BangerError && error.code === "program_missing" ? noMke2fs(path, error) : error;
  }
}

async function makeSparse(system: System, path: string, bytes: number): Promise<void> {
  try {
    await system.files.makeSparse(path, bytes);
  } catch (error) {
    if (!isTooBig(error)) throw error;
    await system.files.removeFile(path);
    throw tooBigForHost(path, bytes, error);
  }
}

/** The host's file system cannot have a file of this size. */
export function isTooBig(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EFBIG" || error.code === "EINVAL");
}

export function tooBigForHost(path: string, bytes: number, cause: unknown): BangerError {
  return new BangerError(
    "invalid",
    "disk_too_large_for_host",
    `cannot make the disk ${path}: the file system it is on cannot have a file of ${bytes} bytes`,
    {
      hint: "choose a smaller size",
      cause,
    },
  );
}

function blankFailure(path: string, stderr: string): BangerError {
  const said = stderr.trim().split("\n").at(-1) ?? "";
  if (/assume_storage_prezeroed|Bad option/i.test(stderr)) {
    return new BangerError("unsupported", "mke2fs_too_old", `cannot make the disk ${path}: mke2fs is older than ${MKE2FS_MIN_VERSION}`, {
      hint: "sudo apt install e2fsprogs",
    });
  }
  // The folder of a vm or a draft goes with the failure; the one that has these stays.
  if (/No space left|ENOSPC/i.test(stderr)) return diskFull(`cannot make the disk ${path}`, dirname(dirname(path)), stderr);
  return new BangerError("unavailable", "disk_not_made", `cannot make the disk ${path}: mke2fs failed: ${said}`);
}

function noMke2fs(path: string, cause: BangerError): BangerError {
  return new BangerError("unavailable", "tools_missing", `cannot make the disk ${path}: mke2fs is not installed`, {
    hint: "sudo apt install e2fsprogs",
    cause,
  });
}
