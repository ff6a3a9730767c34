/** A bundle that somebody is about to publish, looked at as those who pull it will: what is signed into a catalog stays there for long. */
import { unpackBundle } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { BUNDLE_FILES, verifyUnpacked } from "./verify-unpacked.ts";

/** @param folder empty, and the caller's to remove. Throws `invalid` `bad_bundle`. */
export async function checkBundle(system: System, path: string, folder: string, signal: AbortSignal): Promise<void> {
  const fail = (why: string, cause?: unknown): never => {
    throw new BangerError("invalid", "bad_bundle", `cannot publish ${path}: it ${why}`, {
      hint: "banger kernel bundle NAME --into DIR makes it anew",
      ...(cause === undefined ? {} : { cause }),
    });
  };
  const sha256 = await system.files.sha256(path, signal);
  try {
    const unpacked = await unpackBundle(system, { path, sha256, folder, allowed: BUNDLE_FILES }, signal);
    await verifyUnpacked(system, folder, unpacked, fail);
  } catch (error) {
    if (error instanceof BangerError && ["damaged_bundle", "unpacked_too_large"].includes(error.code))
      return fail(`is not whole: ${error.cause instanceof Error ? error.cause.message : error.message}`, error);
    throw error;
  }
}
