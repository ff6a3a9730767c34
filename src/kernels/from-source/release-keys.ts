/** The keys of the release signers, by pinned fingerprint from key servers, into gpg's keyring. */
import type { SignedFiles } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import type { Gpg } from "./gpg.ts";

const KEY_MAX_BYTES = 512 * 1024;

/**
 * Each key from the first server that has it in a form that gpg can use: one server strips user ids, and gpg takes no key without any.
 * A server that cannot be reached is asked no more. Throws `unavailable` `signing_keys_missing` when none came.
 */
export async function importReleaseKeys(
  fetcher: SignedFiles,
  gpg: Gpg,
  keyservers: readonly string[],
  fingerprints: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const silent = new Set<string>();
  const faults: string[] = [];
  let imported = 0;
  for (const fingerprint of fingerprints) {
    for (const server of keyservers.filter((known) => !silent.has(known))) {
      try {
        const url = `${server.replace(/\/+$/, "")}/pks/lookup?op=get&options=mr&search=0x${fingerprint}`;
        const key = await fetcher.small(url, KEY_MAX_BYTES, signal);
        if (await gpg.importKey(key, fingerprint, signal)) {
          imported++;
          break;
        }
        faults.push(`${server} has no usable key ${fingerprint}`);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof BangerError)) throw error;
        if (["mirror_unreachable", "certificate_untrusted"].includes(error.code)) silent.add(server);
        faults.push(error.message);
      }
    }
  }
  if (imported > 0) return;
  throw new BangerError(
    "unavailable",
    "signing_keys_missing",
    `cannot verify the source of Linux: no key server gave the keys of its signers: ${faults.join("; ")}`,
    { hint: "check the network and the proxy, or set kernel_build.keyservers in the config" },
  );
}
