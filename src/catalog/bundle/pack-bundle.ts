/**
 * A bundle into a folder of somebody's, under the name that its content gives it: written beside it, and there in one step. What a daemon
 * that died has left half written in others' folders, the next one finds by its lease.
 */
import { bundleFileName } from "../../contract/bundle-file-name.ts";
import { firstOf, onDisk } from "../../contract/disk-full.ts";
import { BangerError } from "../../contract/errors.ts";
import { isOfThePath, reasonOf } from "../../contract/system-error.ts";
import type { Leases } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { BundleToPack, PackContext, PackedBundle } from "../catalog.ts";
import { mostUnpacked } from "./unpack-bundle.ts";
import { contentBytes, writeBundle } from "./write-bundle.ts";

export interface PackParts {
  readonly system: System;
  readonly leases: Leases;
}

/** @param open the drafts that are being written now. */
export async function packBundle(
  parts: PackParts,
  wanted: BundleToPack,
  into: string,
  context: PackContext,
  open: Set<string>,
): Promise<PackedBundle> {
  const { system, leases } = parts;
  const { what, name, arch } = wanted;
  try {
    return await onDisk(`cannot bundle the ${what}`, into, () =>
      context.stage("pack", async (told) => {
        const draft = `${into}/.${name}-${system.random.hex(8)}.tar.zst`;
        await using undo = new AsyncDisposableStack();
        undo.defer(async () => {
          open.delete(draft);
          // Who failed before that is told why, and not this.
          await discard(parts, draft).catch((error: unknown) => {
            throw draftLeft(draft, error);
          });
        });
        open.add(draft);
        leases.write({ kind: "bundle-draft", key: draft, vmId: undefined, operationId: context.operationId });
        const { sha256, bytes } = await writeBundle(system, draft, wanted, {
          signal: context.signal,
          onProgress: (done, total) => told.progress(done, total, "bytes"),
        });
        await requirePullable(system, wanted, bytes);
        const file = bundleFileName({ name, arch, sha256 });
        const path = `${into}/${file}`;
        // One of the same name that is there already is the same one, unless somebody has changed it.
        if (!(await system.files.link(draft, path)) && (await system.files.sha256(path, context.signal)) !== sha256) {
          throw new BangerError("exists", "file_exists", `cannot write the bundle ${path}: there is another file of that name`, {
            hint: `rm ${path}, if it may go`,
          });
        }
        told.note(file);
        return { path, file, sha256, bytes };
      }),
    );
  } catch (error) {
    await wanted.onFailure?.();
    await requireWritable(system, into, firstOf(error));
    throw error;
  }
}

/** Who pulls it would take it for a bomb. */
async function requirePullable(system: System, { what, files }: BundleToPack, packedBytes: number): Promise<void> {
  const bytes = await contentBytes(system, files);
  if (bytes <= mostUnpacked(packedBytes)) return;
  throw new BangerError(
    "refused",
    "bundle_too_dense",
    `cannot bundle the ${what}: its ${bytes} bytes shrink to ${packedBytes}, and nobody unpacks a bundle that grows so much`,
    { hint: "it is full of one thing over and over: make one without that" },
  );
}

/** Where it was to be written cannot be written to, or is there no more. */
async function requireWritable(system: System, into: string, error: unknown): Promise<void> {
  if (!isOfThePath(error, into)) return;
  await requireBundleFolder(system, into);
  throw new BangerError("refused", "folder_unusable", `cannot write a bundle into ${into}: ${reasonOf(error)}`, {
    hint: `ls -ld ${into}, or another folder`,
    cause: error,
  });
}

export async function requireBundleFolder({ files }: System, into: string): Promise<void> {
  const found = await files.find(`${into}/.`).catch(() => undefined);
  if (found?.kind === "folder") return;
  throw new BangerError("not_found", "folder_not_found", `cannot write a bundle into ${into}: there is no such folder`, {
    hint: `mkdir ${into}, or another folder`,
  });
}

/** Removes what dead daemons left half written in others' folders. */
export async function sweepBundleDrafts(parts: PackParts, open: ReadonlySet<string>): Promise<void> {
  for (const { kind, key } of parts.leases.list()) {
    if (kind !== "bundle-draft" || open.has(key)) continue;
    try {
      await discard(parts, key);
    } catch (error) {
      parts.system.log.warn("cannot remove half a bundle", { path: key, error });
    }
  }
}

function draftLeft(draft: string, cause: unknown): BangerError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new BangerError("unavailable", "bundle_draft_left", `the bundle was written, and ${draft} is left beside it: ${why}`, {
    hint: `rm ${draft}, or leave it to the next start of the daemon`,
    cause,
  });
}

async function discard({ system, leases }: PackParts, draft: string): Promise<void> {
  await system.files.removeFile(draft);
  // Not before: what cannot be removed now is swept up later, by its lease.
  leases.drop("bundle-draft", draft);
}
