/** Whether a release signer signed a tarball: the signature is over what is in the compressed file. */
import type { SignedFiles } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { decideDetached } from "./decide-signature.ts";
import { openGpg } from "./gpg.ts";
import { importReleaseKeys } from "./release-keys.ts";
import { withUnpacked } from "./unpacked-stream.ts";

export interface ReleaseToVerify {
  /** A copy that nobody else writes. */
  readonly path: string;
  readonly signature: Uint8Array;
  /** For messages. */
  readonly url: string;
  /** A folder for gpg alone. */
  readonly scratch: string;
}

export interface ReleaseTrust {
  readonly fetcher: SignedFiles;
  readonly keyservers: readonly string[];
  readonly fingerprints: readonly string[];
}

/** Gives the fingerprint that signed, and the sha256 of the very bytes that were verified. Throws `refused` `signature_*`. */
export async function verifyRelease(
  system: System,
  { path, signature, url, scratch }: ReleaseToVerify,
  { fetcher, keyservers, fingerprints }: ReleaseTrust,
  signal: AbortSignal,
): Promise<{ readonly fingerprint: string; readonly sha256: string }> {
  await using gpg = await openGpg(system, `${scratch}/gpg`);
  await importReleaseKeys(fetcher, gpg, keyservers, fingerprints, signal);
  const signaturePath = `${scratch}/signature`;
  await system.files.write(signaturePath, signature);
  let status = "";
  const sha256 = await withUnpacked(system, path, url, signal, async (content) => {
    status = await gpg.verify(signaturePath, content, signal);
  });
  signal.throwIfAborted();
  const verdict = decideDetached(status, fingerprints, system.clock.nowMs());
  if (verdict.is === "valid") return { fingerprint: verdict.fingerprint, sha256 };
  throw new BangerError("refused", verdict.code, `cannot trust ${url}: ${verdict.why}`, {
    hint: "try again later, or use another mirror: set kernel_build.mirror in the config",
    data: { gpg: status.slice(-2000) },
  });
}
