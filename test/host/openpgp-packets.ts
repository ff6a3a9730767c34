/** As much of OpenPGP (RFC 4880) as it takes to put signatures and keys together wrongly. */

interface Packet {
  readonly tag: number;
  readonly body: Buffer;
}

const SUBKEY_BINDING = 0x18;
const SIGNATURE = 2;
/** A subpacket that holds the signature of a subkey over its primary key. */
const EMBEDDED_SIGNATURE = 32;
const CRC_START = 0xb704ce;
const CRC_POLYNOMIAL = 0x1864cfb;

/** The bytes in the one block of armor that `text` has. */
export function dearmor(text: string): Buffer {
  const match = /^-----BEGIN PGP [A-Z ]+-----\n(?:[A-Za-z]+: .*\n)*\n([A-Za-z0-9+/=\n]+?)\n=[A-Za-z0-9+/]{4}\n-----END/m.exec(text);
  if (match === null) throw new Error("there is no armor");
  return Buffer.from(match[1] ?? "", "base64");
}

/** Armor around signatures. */
export function armor(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return ["-----BEGIN PGP SIGNATURE-----", "", ...lines, `=${crcOf(bytes)}`, "-----END PGP SIGNATURE-----", ""].join("\n");
}

/** Key material whose signing subkeys no longer say that they belong to their primary keys. */
export function withoutCrossCertificates(keys: Uint8Array): Buffer {
  const packets = parsePackets(Buffer.from(keys));
  return Buffer.concat(
    packets.map(({ tag, body }) => formatPacket({ tag, body: tag === SIGNATURE && body[1] === SUBKEY_BINDING ? stripped(body) : body })),
  );
}

function stripped(signature: Buffer): Buffer {
  const unhashedAt = 6 + signature.readUInt16BE(4);
  const unhashedBytes = signature.readUInt16BE(unhashedAt);
  const rest = signature.subarray(unhashedAt + 2 + unhashedBytes);
  const kept: Buffer[] = [];
  for (let at = unhashedAt + 2; at < signature.length - rest.length;) {
    const [bytes, start] = lengthAt(signature, at);
    if (signature[start] !== EMBEDDED_SIGNATURE) kept.push(signature.subarray(at, start + bytes));
    at = start + bytes;
  }
  const unhashed = Buffer.concat(kept);
  if (unhashed.length === unhashedBytes) throw new Error("there is no cross-certificate to take away");
  const length = Buffer.alloc(2);
  length.writeUInt16BE(unhashed.length);
  return Buffer.concat([signature.subarray(0, unhashedAt), length, unhashed, rest]);
}

function parsePackets(bytes: Buffer): readonly Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0;
    const isNew = (first & 0x40) !== 0;
    const [length, start] = isNew ? lengthAt(bytes, at + 1) : oldLengthAt(bytes, at);
    packets.push({ tag: isNew ? first & 0x3f : (first >> 2) & 0xf, body: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return packets;
}

function formatPacket({ tag, body }: Packet): Buffer {
  const head = Buffer.from([0xc0 | tag, 0xff, 0, 0, 0, 0]);
  head.writeUInt32BE(body.length, 2);
  return Buffer.concat([head, body]);
}

/** A length and where what it counts begins. */
function lengthAt(bytes: Buffer, at: number): readonly [length: number, start: number] {
  const first = bytes[at] ?? 0;
  if (first < 192) return [first, at + 1];
  if (first < 255) return [((first - 192) << 8) + (bytes[at + 1] ?? 0) + 192, at + 2];
  return [bytes.readUInt32BE(at + 1), at + 5];
}

function oldLengthAt(bytes: Buffer, at: number): readonly [length: number, start: number] {
  const size = 2 ** ((bytes[at] ?? 0) & 3);
  return [bytes.readUIntBE(at + 1, size), at + 1 + size];
}

function crcOf(bytes: Uint8Array): string {
  let crc = CRC_START;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit += 1) {
      crc <<= 1;
      if ((crc & 0x1000000) !== 0) crc ^= CRC_POLYNOMIAL;
    }
  }
  return Buffer.from([(crc >> 16) & 255, (crc >> 8) & 255, crc & 255]).toString("base64");
}
