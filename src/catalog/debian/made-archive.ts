/** A Debian archive made for a test: signed by keys of its own, and spoiled where a test wants it. */
import { createHash } from "node:crypto";
import type { System } from "../../system/system.ts";

export interface Signer {
  /** gpg's home folder. */
  readonly home: string;
  readonly fingerprint: string;
}

export interface MadePackage {
  /** The stanza without Filename, Size and SHA256. */
  readonly control: string;
  readonly name: string;
  readonly content: Uint8Array;
}

export interface ArchivePlan {
  readonly suite: string;
  readonly signers: readonly Signer[];
  readonly packages: readonly MadePackage[];
  /** The head of the Release, before the digests. */
  readonly head?: string;
  /** Changes texts before they are signed or digested. */
  readonly editIndex?: (text: string) => string;
  readonly editRelease?: (text: string) => string;
  /** More words for gpg, such as a time. */
  readonly gpg?: readonly string[];
}

const GPG_TIMEOUT_MS = 30_000;

/** @param keyWords for gpg: algorithm, use, expiry. */
export async function makeSigner(
  system: System,
  home: string,
  name: string,
  gpg: readonly string[] = [],
  expiry = "never",
): Promise<Signer> {
  await system.files.makeFolder(home);
  const run = (...words: readonly string[]) =>
    system.processes.runOk(["gpg", "--homedir", home, "--batch", "--quiet", ...words], { timeoutMs: GPG_TIMEOUT_MS });
  await run(...gpg, "--passphrase", "", "--quick-gen-key", name, "ed25519", "sign", expiry);
  const listing = await run("--with-colons", "--list-keys");
  return { home, fingerprint: /^fpr:+([0-9A-F]{40}):/m.exec(listing.stdout)?.[1] ?? "" };
}

/** Ends the helper that gpg leaves running. */
export async function endSigner(system: System, signer: Signer): Promise<void> {
  await system.processes.run(["gpgconf", "--homedir", signer.home, "--kill", "gpg-agent"], { timeoutMs: GPG_TIMEOUT_MS });
}

/** A keyring file with the public keys of all. */
export async function writeKeyring(system: System, path: string, signers: readonly Signer[]): Promise<void> {
  const parts: Uint8Array[] = [];
  for (const { home } of signers) {
    const out = `${home}/public.gpg`;
    await system.files.removeFile(out);
    await system.processes.runOk(["gpg", "--homedir", home, "--batch", "--output", out, "--export"], { timeoutMs: GPG_TIMEOUT_MS });
    parts.push(await system.files.read(out, 2 ** 20));
  }
  await system.files.write(path, Buffer.concat(parts));
}

/** A Release's head that is good for a day around `nowMs`. */
export function releaseHead(suite: string, nowMs: number): string {
  const date = (ms: number): string => new Date(ms).toUTCString().replace("GMT", "UTC");
  return `Origin: Test\nSuite: oldstable\nCodename: ${suite}\nDate: ${date(nowMs - 3_600_000)}\nValid-Until: ${date(nowMs + 86_400_000)}\nArchitectures: amd64\nComponents: main\n`;
}

/** Writes the archive below `folder`. */
export async function writeArchive(system: System, folder: string, plan: ArchivePlan): Promise<void> {
  const stanzas: string[] = [];
  for (const made of plan.packages) {
    const filename = `pool/main/${made.name}.deb`;
    await put(system, `${folder}/${filename}`, made.content);
    stanzas.push(`${made.control.trim()}\nFilename: ${filename}\nSize: ${made.content.length}\nSHA256: ${digest(made.content)}\n`);
  }
  const edit = plan.editIndex ?? ((text: string) => text);
  const index = edit(stanzas.join("\n"));
  const binary = `${folder}/dists/${plan.suite}/main/binary-amd64`;
  await put(system, `${binary}/Packages`, Buffer.from(index));
  await system.processes.runOk(["xz", "-kf", `${binary}/Packages`], { timeoutMs: GPG_TIMEOUT_MS });
  const packed = await system.files.read(`${binary}/Packages.xz`, 2 ** 26);
  const head = plan.head ?? releaseHead(plan.suite, system.clock.nowMs());
  const lines = `SHA256:\n ${digest(Buffer.from(index))} ${index.length} main/binary-amd64/Packages\n ${digest(packed)} ${packed.length} main/binary-amd64/Packages.xz\n`;
  const release = (plan.editRelease ?? ((text: string) => text))(head + lines);
  await put(system, `${folder}/dists/${plan.suite}/InRelease`, await sign(system, Buffer.from(release), plan.signers, plan.gpg ?? []));
}

/** The text clear-signed by each signer, or in another way by gpg's words for that. */
export async function sign(
  system: System,
  text: Uint8Array,
  signers: readonly Signer[],
  gpg: readonly string[] = [],
  how: readonly string[] = ["--clearsign"],
): Promise<Uint8Array> {
  const [first, ...others] = signers;
  if (first === undefined) return text;
  const plain = `${first.home}/plain`;
  const out = `${first.home}/signed`;
  await system.files.write(plain, text);
  await system.files.removeFile(out);
  for (const { home, fingerprint } of others) {
    const secret = `${home}/secret.gpg`;
    await system.files.removeFile(secret);
    await system.processes.runOk(["gpg", "--homedir", home, "--batch", "--output", secret, "--export-secret-keys", fingerprint], {
      timeoutMs: GPG_TIMEOUT_MS,
    });
    await system.processes.run(["gpg", "--homedir", first.home, "--batch", "--import", secret], { timeoutMs: GPG_TIMEOUT_MS });
  }
  const users = signers.flatMap(({ fingerprint }) => ["-u", fingerprint]);
  await system.processes.runOk(["gpg", "--homedir", first.home, "--batch", ...gpg, ...users, "--output", out, ...how, plain], {
    timeoutMs: GPG_TIMEOUT_MS,
  });
  return system.files.read(out, 2 ** 24);
}

async function put(system: System, path: string, content: Uint8Array): Promise<void> {
  await system.files.makeFolder(path.slice(0, path.lastIndexOf("/")));
  await system.files.write(path, content);
}

function digest(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
