/**
 * Secret keys of minisign, and signing with them. A key is kept under a password (scrypt), or plain, as `minisign -G -W` makes it for machines.
 */
import { createHash, createPrivateKey, createPublicKey, randomBytes, scrypt, sign, timingSafeEqual, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { digestOf, parsePublicKey, type PublicKey } from "./minisign.ts";
import { bytesOf, checkComment, commentOf, linesOf } from "./minisign-text.ts";

const KEPT_BYTES = 8 + 64 + 32;
const FILE_BYTES = 2 + 2 + 2 + 32 + 8 + 8 + KEPT_BYTES;
/** Before the 32 bytes of an Ed25519 seed in its DER form (RFC 8410). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
/** What minisign itself asks for is 2^25 and 1 GiB; no key file may make us spend more. */
const OPERATIONS_MAX = 2n ** 26n;
const MEMORY_MAX = 2n ** 31n;

export interface SigningKey {
  readonly public: PublicKey;
  readonly idBytes: Uint8Array;
  readonly secret: KeyObject;
}

/** Whether a password is needed to read this file. Throws `Error` on what is no secret key. */
export function isUnderPassword(text: string): boolean {
  return partsOf(text).derivation === "Sc";
}

/** Throws `Error` on what is no secret key, and on a wrong password. */
export async function parseSigningKey(text: string, password: string | undefined): Promise<SigningKey> {
  const parts = partsOf(text);
  let kept = parts.kept;
  if (parts.derivation === "Sc") {
    if (password === undefined) throw new Error("it is kept under a password");
    const pad = await derive(password, parts);
    kept = Buffer.from(parts.kept.map((byte, at) => byte ^ (pad[at] ?? 0)));
  }
  const [idBytes, secret, checksum] = [kept.subarray(0, 8), kept.subarray(8, 72), kept.subarray(72)];
  const isPlain = parts.derivation !== "Sc" && checksum.every((byte) => byte === 0);
  if (!isPlain && !timingSafeEqual(checksum, checksumOf(idBytes, secret)))
    throw new Error(parts.derivation === "Sc" ? "the password is wrong" : "it is damaged");
  return keyOf(idBytes, secret.subarray(0, 32));
}

/** A new one. */
export function makeSigningKey(): SigningKey {
  // A seed of Ed25519 is any 32 bytes.
  return keyOf(randomBytes(8), randomBytes(32));
}

/** The files of a key without a password: as minisign reads them. */
export function keyFiles({ public: { id, text }, idBytes, secret }: SigningKey): { readonly secret: string; readonly public: string } {
  const seed = secret.export({ format: "der", type: "pkcs8" }).subarray(-32);
  const publicBytes = Buffer.from(text, "base64").subarray(10);
  const pair = Buffer.concat([seed, publicBytes]);
  const kept = Buffer.concat([idBytes, pair, checksumOf(idBytes, pair)]);
  const bytes = Buffer.concat([Buffer.from("Ed\0\0B2", "latin1"), Buffer.alloc(32 + 8 + 8), kept]);
  return {
    secret: `untrusted comment: minisign secret key ${id}\n${bytes.toString("base64")}\n`,
    public: `untrusted comment: minisign public key ${id}\n${text}\n`,
  };
}

/** The text of a `.minisig` file. Throws `Error` on a comment of more than a line. */
export function signContent(content: Uint8Array, key: SigningKey, trustedComment: string): string {
  checkComment(trustedComment);
  const bytes = sign(null, digestOf(content), key.secret);
  const first = Buffer.concat([Buffer.from("ED"), key.idBytes, bytes]);
  const second = sign(null, Buffer.concat([bytes, Buffer.from(trustedComment)]), key.secret);
  return [
    `untrusted comment: signature of banger, key ${key.public.id}`,
    first.toString("base64"),
    `trusted comment: ${trustedComment}`,
    `${second.toString("base64")}\n`,
  ].join("\n");
}

/** @param pair seed and public key. */
function checksumOf(idBytes: Uint8Array, pair: Uint8Array): Buffer {
  return createHash("blake2b256").update("Ed").update(idBytes).update(pair).digest();
}

interface Parts {
  /** `Sc` for scrypt, two zeros for none. */
  readonly derivation: string;
  readonly salt: Buffer;
  readonly operations: bigint;
  readonly memory: bigint;
  readonly kept: Buffer;
}

function partsOf(text: string): Parts {
  const [comment = "", line = ""] = linesOf(text, 2, "secret key of minisign");
  commentOf(comment, "untrusted comment: ");
  const bytes = bytesOf(line, FILE_BYTES, "key");
  const [algorithm, derivation, checksum] = [0, 2, 4].map((at) => bytes.toString("latin1", at, at + 2));
  if (algorithm !== "Ed" || checksum !== "B2" || (derivation !== "Sc" && derivation !== "\0\0"))
    throw new Error("its key is of an unknown kind");
  return {
    derivation,
    salt: bytes.subarray(6, 38),
    operations: bytes.readBigUInt64LE(38),
    memory: bytes.readBigUInt64LE(46),
    kept: bytes.subarray(54),
  };
}

/** libsodium's way from limits of work and memory to the parameters of scrypt. */
async function derive(password: string, { salt, operations, memory }: Parts): Promise<Uint8Array> {
  if (operations > OPERATIONS_MAX || memory > MEMORY_MAX) throw new Error("its password asks for more work than any key should");
  const r = 8;
  const limit = operations < 32_768n ? 32_768n : operations;
  const isBoundByWork = limit < memory / 32n;
  const most = isBoundByWork ? limit / BigInt(r * 4) : memory / BigInt(r * 128);
  let log = 1;
  while (log < 63 && 2n ** BigInt(log) <= most / 2n) log += 1;
  const rounds = isBoundByWork ? 1n : limit / 4n / 2n ** BigInt(log) / BigInt(r);
  const options = { N: 2 ** log, r, p: Number(rounds < 1n ? 1n : rounds), maxmem: 2 ** 31 };
  return promisify<string, Uint8Array, number, typeof options, Buffer>(scrypt)(password, salt, KEPT_BYTES, options);
}

/** @param seed 32 bytes. */
function keyOf(idBytes: Uint8Array, seed: Uint8Array): SigningKey {
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
  const publicBytes = createPublicKey(secret).export({ format: "der", type: "spki" }).subarray(-32);
  const text = Buffer.concat([Buffer.from("Ed"), idBytes, publicBytes]).toString("base64");
  return { public: parsePublicKey(text), idBytes: Uint8Array.from(idBytes), secret };
}
