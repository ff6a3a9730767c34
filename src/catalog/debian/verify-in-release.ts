/** The signature check: `InRelease` as it came from the mirror -> the text that a pinned key signed. */
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { isClearSigned } from "./clear-signed.ts";
import { decideSignature } from "./gpgv-status.ts";

const GPGV_TIMEOUT_MS = 30_000;
const SCRATCH = ".verify-";
const STALE_MS = 10 * 60_000;

export interface TrustedKeys {
  /** Keyring files; the first that is there is used. */
  readonly keyrings: readonly string[];
  /** Fingerprints of primary keys, 40 upper-case hex digits. */
  readonly fingerprints: readonly string[];
}

/** Throws `refused` `signature_*` with `subject` in the message; `unavailable` when gpgv or the keyring is missing. */
export async function verifyInRelease(
  system: System,
  signed: Uint8Array,
  subject: string,
  keys: TrustedKeys,
  signal: AbortSignal,
): Promise<string> {
  const keyring = await findKeyring(system, keys.keyrings);
  if (system.processes.which("gpgv") === undefined) {
    throw new BangerError("unavailable", "program_missing", `cannot verify ${subject}: gpgv is not installed`, {
      hint: "sudo apt install gpgv",
    });
  }
  const refused = (code: string, why: string, data?: Readonly<Record<string, unknown>>): BangerError =>
    new BangerError("refused", code, `cannot trust ${subject}: ${why}`, {
      hint: `${code === "signature_from_future" ? "check the clock (timedatectl), or " : ""}use another mirror: set debian.mirror in the config`,
      ...(data === undefined ? {} : { data }),
    });
  if (!isClearSigned(signed)) throw refused("signature_missing", "it is not one signed text");
  await removeStale(system);
  const scratch = `${system.layout.downloads}/${SCRATCH}${system.random.hex(8)}`;
  await system.files.makeFolder(scratch);
  try {
    const plain = `${scratch}/Release`;
    // The text goes to a file so that stdout has status lines alone: nothing signed or unsigned can imitate one.
    const result = await system.processes.run(["gpgv", "--status-fd", "1", "--keyring", keyring, "--output", plain, "-"], {
      input: signed,
      timeoutMs: GPGV_TIMEOUT_MS,
      env: { GNUPGHOME: scratch },
      signal,
    });
    const verdict = decideSignature(result.stdout, keys.fingerprints, system.clock.nowMs());
    if (verdict.is === "refused") throw refused(verdict.code, verdict.why, { gpgv: result.stderr.slice(-2000) });
    return await system.files.readText(plain, signed.length);
  } finally {
    await system.files.removeTree(scratch);
  }
}

/** What a daemon that died in the middle left. */
async function removeStale(system: System): Promise<void> {
  for (const name of await system.files.list(system.layout.downloads)) {
    if (!name.startsWith(SCRATCH)) continue;
    const path = `${system.layout.downloads}/${name}`;
    const info = await system.files.find(path);
    if (info !== undefined && system.clock.nowMs() - info.modifiedMs > STALE_MS) await system.files.removeTree(path);
  }
}

async function findKeyring(system: System, candidates: readonly string[]): Promise<string> {
  for (const candidate of candidates) {
    if ((await system.files.find(candidate)) !== undefined) return candidate;
  }
  throw new BangerError(
    "unavailable",
    "keyring_missing",
    `cannot verify Debian packages: there is no keyring at ${candidates.join(" or ")}`,
    {
      hint: "sudo apt install debian-archive-keyring",
    },
  );
}
