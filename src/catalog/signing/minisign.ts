/**
 * Signatures of minisign (https://jedisct1.github.io/minisign/): Ed25519 over the BLAKE2b-512 digest of a content, with the id of the key,
 * and a second one over that and a comment that may be trusted. The older form without the digest is not accepted.
 *
 * Functions throw `Error` in words for whoever knows the file's name.
 */
import { createHash, createPublicKey, verify, type KeyObject } from "node:crypto";
import { bytesOf, commentOf, linesOf } from "./minisign-text.ts";

const KEY_BYTES = 2 + 8 + 32;
const SIGNATURE_BYTES = 2 + 8 + 64;
const GLOBAL_BYTES = 64;
/** Before the 32 bytes of an Ed25519 key in its DER form (RFC 8410). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

export interface PublicKey {
  /** 16 upper-case hex digits, as minisign shows it. A name, no proof. */
  readonly id: string;
  /** `RW...`: the one line by which people pass it on. */
  readonly text: string;
  readonly key: KeyObject;
}

export interface Signature {
  readonly keyId: string;
  readonly bytes: Uint8Array;
  readonly trustedComment: string;
  /** Over `bytes` and `trustedComment`. */
  readonly globalBytes: Uint8Array;
}

/** The line alone, or the file with its comment. */
export function parsePublicKey(text: string): PublicKey {
  const line = text.trim().includes("\n") ? keyLine(text) : text.trim();
  const bytes = bytesOf(line, KEY_BYTES, "key");
  if (bytes.toString("latin1", 0, 2) !== "Ed") throw new Error("its key is not for Ed25519");
  return { id: idOf(bytes.subarray(2, 10)), text: line, key: publicKeyOf(bytes.subarray(10)) };
}

function keyLine(text: string): string {
  const [comment = "", line = ""] = linesOf(text, 2, "public key of minisign");
  commentOf(comment, "untrusted comment: ");
  return line;
}

export function parseSignature(text: string): Signature {
  const [untrusted = "", first = "", trusted = "", second = ""] = linesOf(text, 4, "signature of minisign");
  commentOf(untrusted, "untrusted comment: ");
  const bytes = bytesOf(first, SIGNATURE_BYTES, "signature");
  const algorithm = bytes.toString("latin1", 0, 2);
  if (algorithm === "Ed")
    throw new Error("its signature is of the older form that signs the content itself: sign it with minisign 0.10 or later");
  if (algorithm !== "ED") throw new Error("its signature is of an unknown kind");
  return {
    keyId: idOf(bytes.subarray(2, 10)),
    bytes: bytes.subarray(10),
    trustedComment: commentOf(trusted, "trusted comment: "),
    globalBytes: bytesOf(second, GLOBAL_BYTES, "signature of the comment"),
  };
}

/** Whether this key made this signature of this content, and of its comment. */
export function isSignedBy(content: Uint8Array, signature: Signature, key: PublicKey): boolean {
  if (signature.keyId !== key.id) return false;
  const commented = Buffer.concat([signature.bytes, Buffer.from(signature.trustedComment)]);
  return verify(null, digestOf(content), key.key, signature.bytes) && verify(null, commented, key.key, signature.globalBytes);
}

/** What is signed in place of a content. */
export function digestOf(content: Uint8Array): Uint8Array {
  return createHash("blake2b512").update(content).digest();
}

/** @param bytes 8, of which minisign shows the last first. */
function idOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).reverse().toString("hex").toUpperCase();
}

/** @param bytes 32. */
function publicKeyOf(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: "der", type: "spki" });
}
