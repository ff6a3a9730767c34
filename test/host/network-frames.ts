/** Ethernet frames as a guest that obeys no rules would send them. */

const GUEST = [10, 0, 2, 15];
const GUEST_MAC = Buffer.from("525400123456", "hex");

export function synFrame(to: string, port: number, fromPort: number): Buffer {
  const tcp = Buffer.alloc(20);
  tcp.writeUInt16BE(fromPort, 0);
  tcp.writeUInt16BE(port, 2);
  tcp.writeUInt32BE(1000, 4);
  tcp.writeUInt8(0x50, 12);
  tcp.writeUInt8(0x02, 13);
  tcp.writeUInt16BE(64_000, 14);
  return ipFrame(to, 6, tcp, 16);
}

export function udpFrame(to: string, port: number, fromPort: number, payload: Buffer): Buffer {
  const udp = Buffer.concat([Buffer.alloc(8), payload]);
  udp.writeUInt16BE(fromPort, 0);
  udp.writeUInt16BE(port, 2);
  udp.writeUInt16BE(udp.length, 4);
  return ipFrame(to, 17, udp, 6);
}

/** A question for the address of `a.test`. */
export const DNS_QUERY = Buffer.from("123401000001000000000000016104746573740000010001", "hex");

export type Reply = { readonly port: number; readonly kind: "accepted" | "refused" | "datagram" };

/** What a frame from the link says to one of our ports; undefined for ARP and other matters. */
export function parseReply(frame: Buffer): Reply | undefined {
  if (frame.length < 34 || frame.readUInt16BE(12) !== 0x0800) return undefined;
  const segment = frame.subarray(14 + (frame.readUInt8(14) & 0xf) * 4);
  const port = segment.readUInt16BE(2);
  if (frame.readUInt8(23) === 17) return { port, kind: "datagram" };
  if (frame.readUInt8(23) !== 6) return undefined;
  const flags = segment.readUInt8(13);
  return { port, kind: (flags & 0x04) !== 0 ? "refused" : "accepted" };
}

function ipFrame(to: string, protocol: number, segment: Buffer, checksumAt: number): Buffer {
  const target = to.split(".").map(Number);
  const pseudo = Buffer.from([...GUEST, ...target, 0, protocol, segment.length >> 8, segment.length & 0xff]);
  segment.writeUInt16BE(checksum(Buffer.concat([pseudo, segment])), checksumAt);
  const header = Buffer.from([0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, protocol, 0, 0, ...GUEST, ...target]);
  header.writeUInt16BE(header.length + segment.length, 2);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([Buffer.from("ffffffffffff", "hex"), GUEST_MAC, Buffer.from("0800", "hex"), header, segment]);
}

function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
