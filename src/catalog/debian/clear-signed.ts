/**
 * Whether a file is one clear-signed text and nothing else, as archives write it. gpgv also takes a text with more before and after it, or
 * one in OpenPGP's binary form, and passes over what is not signed: what we hand out as verified is to be what was in the file.
 */

const BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE = "-----BEGIN PGP SIGNATURE-----";
const END = "-----END PGP SIGNATURE-----";
const DASH = 45;
/** gpgv skips letters in it that are none of it. The sum at its end may be missing (RFC 9580). */
const ARMOR = /^(?:[A-Za-z-]+: [ -~]*\n)*\n((?:[A-Za-z0-9+/]{1,76}={0,2}\n)+)(?:=[A-Za-z0-9+/]{4}\n)?$/;

/** Looks at its form alone: what the signature is worth is for gpgv to say. */
export function isClearSigned(signed: Uint8Array): boolean {
  // gpgv takes a NUL at the end of a line for a blank, which nobody signs.
  if (signed.includes(0)) return false;
  const lines = Buffer.from(signed.buffer, signed.byteOffset, signed.byteLength).toString("latin1").split("\n");
  if (lines.shift() !== BEGIN) return false;
  const blank = lines.indexOf("");
  if (blank < 0 || !lines.slice(0, blank).every((line) => /^Hash: [A-Za-z0-9, -]+$/.test(line))) return false;
  const signature = lines.indexOf(SIGNATURE, blank);
  const end = lines.indexOf(END, signature);
  if (signature < 0 || end < 0) return false;
  const isEscaped = (line: string): boolean => line.charCodeAt(0) !== DASH || line.startsWith("- ");
  if (!lines.slice(blank, signature).every(isEscaped)) return false;
  const [, body] = ARMOR.exec(`${lines.slice(signature + 1, end).join("\n")}\n`) ?? [];
  if (body === undefined || !isCanonical(body.replaceAll("\n", ""))) return false;
  return lines.slice(end + 1).every((line) => line === "");
}

/** The last letter may have bits that say nothing: sqv takes them for rubbish, and gpgv for a second way to write the same. */
function isCanonical(base64: string): boolean {
  return Buffer.from(base64, "base64").toString("base64") === base64;
}
