/** Keys that sign rightly and to which something happens afterwards, or that should never have signed. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Signer } from "../../src/catalog/debian/made-archive.ts";
import type { System } from "../../src/system/system.ts";
import { withoutCrossCertificates } from "./openpgp-packets.ts";

export interface OddKey {
  /** More words for gpg as it signs. */
  readonly gpg?: readonly string[];
  /** Made with its end known from the start, by gpg's words. */
  readonly ends?: { readonly primary?: string; readonly subkey?: string };
  /** What happens to it between its signature and the keyring. */
  readonly after?: (gpg: Gpg, signer: Signer) => Promise<unknown>;
  /** Changes the public keys as they go into the keyring. */
  readonly edit?: (keys: Uint8Array) => Uint8Array;
}

type Gpg = (words: readonly string[], input?: string) => Promise<{ readonly stdout: string }>;

const THEN = "20200101T000000";
const LATER = "20200102T000000";
const BEFORE_ITS_END = ["--faked-system-time", "20200110T000000"];

/** Types into gpg's dialogue about the first subkey. */
const dialogue =
  (...words: readonly string[]) =>
  (gpg: Gpg, { fingerprint }: Signer) =>
    gpg(["--expert", "--command-fd", "0", "--edit-key", fingerprint], `${["key 1", ...words, "save"].join("\n")}\n`);

const expiring =
  (...which: readonly string[]) =>
  (gpg: Gpg, { fingerprint }: Signer) =>
    gpg(["--faked-system-time", LATER, "--quick-set-expire", fingerprint, "30d", ...which]);

/** Each is a primary key that only certifies, with a subkey that signs. */
export const ODD_KEYS = {
  revoked: {
    after: async (gpg: Gpg, { home, fingerprint }: Signer) => {
      const certificate = readFileSync(join(home, "openpgp-revocs.d", `${fingerprint}.rev`), "latin1").replace(/^:-----/m, "-----");
      await gpg(["--import"], certificate);
    },
  },
  "with a revoked subkey": { after: dialogue("revkey", "y", "0", "", "y") },
  "at its end when it signed": { after: expiring() },
  "with a subkey at its end when it signed": { after: expiring("*") },
  "at its end since": { ends: { primary: "30d" }, gpg: BEFORE_ITS_END },
  "with a subkey at its end since": { ends: { subkey: "30d" }, gpg: BEFORE_ITS_END },
  "with a subkey that is not for signing": { after: dialogue("change-usage", "S", "A", "Q") },
  "with a subkey that does not know it": { edit: withoutCrossCertificates },
} satisfies Record<string, OddKey>;

export async function makeOddKey(system: System, home: string, { ends = {} }: OddKey): Promise<Signer> {
  await system.files.makeFolder(home);
  const gpg = gpgIn(system, home);
  const atThatTime = ["--faked-system-time", THEN];
  await gpg([...atThatTime, "--quick-gen-key", "Odd", "ed25519", "cert", ends.primary ?? "never"]);
  const { stdout } = await gpg(["--with-colons", "--list-keys"]);
  const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(stdout)?.[1] ?? "";
  await gpg([...atThatTime, "--quick-add-key", fingerprint, "ed25519", "sign", ends.subkey ?? "never"]);
  return { home, fingerprint };
}

/** A keyring with the key as it became. */
export async function keyringAfter(system: System, signer: Signer, { after, edit = (keys) => keys }: OddKey): Promise<string> {
  const gpg = gpgIn(system, signer.home);
  await after?.(gpg, signer);
  const path = join(signer.home, "after.gpg");
  rmSync(path, { force: true });
  await gpg(["--output", path, "--export"]);
  writeFileSync(path, edit(readFileSync(path)));
  return path;
}

function gpgIn(system: System, home: string): Gpg {
  const head = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""];
  return (words, input) =>
    system.processes.runOk([...head, ...words], { timeoutMs: 30_000, ...(input === undefined ? {} : { input: Buffer.from(input) }) });
}
