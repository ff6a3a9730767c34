/** The key by which guests know us. */
import { join } from "node:path";
import { BangerError } from "../contract/errors.ts";
import type { System } from "../system/system.ts";

export interface KeyPair {
  /** The path of the private half. */
  readonly path: string;
  /** The public half: type and key, a line without its end. */
  readonly publicKey: string;
}

const NAME = "id_ed25519";
const KEYGEN_MS = 30_000;
const PUBLIC_MAX_BYTES = 16 * 1024;
/** Type, key, and perhaps a comment. Options in front are none of a public key. */
const PUBLIC_KEY = /^((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,3})(?: .*)?$/;

/** Reads our own pair, and makes it where there is none; or reads the one that the config names. */
export async function openKeyPair(system: System, configured: string | undefined, signal: AbortSignal): Promise<KeyPair> {
  if (configured !== undefined) return { path: configured, publicKey: await readPublicKey(system, configured, CONFIGURED) };
  const path = join(system.layout.ssh, NAME);
  if (!(await isThere(system, path))) await makePair(system, path, signal);
  return { path, publicKey: await readPublicKey(system, path, `to have another made: rm ${path} ${path}.pub`) };
}

const CONFIGURED = "ssh.key in the config names the private key, and the public one lies beside it: banger config show";

/** The private half comes last by its name, so that with it both are there. */
async function makePair({ files, processes, layout, random }: System, path: string, signal: AbortSignal): Promise<void> {
  await files.makeFolder(layout.ssh);
  const beside = join(layout.ssh, `.new-${random.hex(8)}`);
  try {
    const argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "banger", "-f", beside];
    await processes.runOk(argv, { timeoutMs: KEYGEN_MS, signal });
    await files.sync(beside);
    await files.sync(`${beside}.pub`);
    await files.rename(`${beside}.pub`, `${path}.pub`);
    await files.rename(beside, path);
  } finally {
    for (const left of [beside, `${beside}.pub`]) await files.removeFile(left);
  }
}

async function isThere({ files }: System, path: string): Promise<boolean> {
  return (await files.find(path)) !== undefined && (await files.find(`${path}.pub`)) !== undefined;
}

async function readPublicKey({ files }: System, path: string, hint: string): Promise<string> {
  const [line = ""] = (await readOrSayWhy(files, `${path}.pub`, hint)).split("\n");
  const [, publicKey] = PUBLIC_KEY.exec(line.trim()) ?? [];
  if (publicKey !== undefined) return publicKey;
  throw new BangerError("refused", "bad_ssh_key", `cannot use the key ${path}: ${path}.pub is no public key of OpenSSH`, { hint });
}

async function readOrSayWhy(files: System["files"], path: string, hint: string): Promise<string> {
  if ((await files.find(path)) !== undefined) return files.readText(path, PUBLIC_MAX_BYTES);
  throw new BangerError("not_found", "ssh_key_missing", `cannot use SSH: there is no file ${path}`, { hint });
}
