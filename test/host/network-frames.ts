/** Ethernet frames as a guest that obeys no rules would send them. */

const EVERYBODY = "ff:ff:ff:ff:ff:ff";

/** Who sends. */
export interface Sender {
  readonly mac: string;
  readonly address: string;
  /** The MAC of its gateway; to everybody when absent, which no router passes on. */
  readonly via?: string;
}

/** What of a frame's headers is not as usual. */
export interface IpOdds {
  readonly options?: Buffer;
  /** In bytes, of which the packet has no others. */
  readonly fragment?: { readonly offset: number; readonly more: boolean };
  readonly protocol?: number;
  /** Of TCP, instead of SYN. */
  readonly tcpFlags?: number;
}

export const RST = 0x04;

export function synFrame(from: Sender, to: string, port: number, fromPort: number, odds?: IpOdds): Buffer {
  return ipFrame(from, to, 6, tcpSegment(from, to, port, fromPort, odds?.tcpFlags), odds);
}

export function udpFrame(from: Sender, to: string, port: number, fromPort: number, payload: Buffer, odds?: IpOdds): Buffer {
  return ipFrame(from, to, 17, udpSegment(from, to, port, fromPort, payload), odds);
}

/** A SYN in two fragments, of which the first has the ports and no more. */
export function fragmentedSyn(from: Sender, to: string, port: number, fromPort: number): readonly Buffer[] {
  const segment = tcpSegment(from, to, port, fromPort);
  return [
    ipFrame(from, to, 6, segment.subarray(0, 8), { fragment: { offset: 0, more: true } }),
    ipFrame(from, to, 6, segment.subarray(8), { fragment: { offset: 8, more: false } }),
  ];
}

export function pingFrame(from: Sender, to: string, id: number, payload: Buffer = Buffer.alloc(8)): Buffer {
  const echo = Buffer.concat([Buffer.alloc(8), payload]);
  echo.writeUInt8(8, 0);
  echo.writeUInt16BE(id, 4);
  echo.writeUInt16BE(checksum(echo), 2);
  return ipFrame(from, to, 1, echo);
}

/** A whole packet of IPv4 inside of another. */
export function tunnelled(from: Sender, to: string, protocol: number, inner: Buffer): Buffer {
  return ipFrame(from, to, protocol, inner.subarray(14));
}

/** Asks who has an address, or says that we do. */
export function arpFrame(from: Sender, kind: "request" | "reply", target: string): Buffer {
  const body = Buffer.concat([
    Buffer.from(kind === "request" ? "0001080006040001" : "0001080006040002", "hex"),
    ...[macBytes(from.mac), addressBytes(from.address), macBytes("00:00:00:00:00:00"), addressBytes(target)],
  ]);
  return Buffer.concat([ethernet(from, 0x0806), body]);
}

/** An IPv6 packet to all nodes or routers: `next` is its protocol. */
export function ipv6Frame(from: Sender, to: string, next: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(payload.length, 4);
  header.writeUInt8(next, 6);
  header.writeUInt8(255, 7);
  Buffer.from("fe800000000000005054ff0000fe0001", "hex").copy(header, 8);
  Buffer.from(to, "hex").copy(header, 24);
  return Buffer.concat([ethernet(from, 0x86dd), header, payload]);
}

/** A question for the address of `a.test`. */
export const DNS_QUERY = Buffer.from("123401000001000000000000016104746573740000010001", "hex");

export type Reply =
  | { readonly kind: "accepted" | "refused" | "datagram"; readonly port: number; readonly to: string }
  | { readonly kind: "pong"; readonly port: number; readonly to: string }
  | { readonly kind: "arp"; readonly about: string; readonly mac: string }
  | { readonly kind: "forbidden"; readonly port: number; readonly to: string }
  | { readonly kind: "other"; readonly hex: string };

/** What a frame from the link is. */
export function parseReply(frame: Buffer): Reply {
  const type = frame.readUInt16BE(12);
  if (type === 0x0806)
    return { kind: "arp", about: [...frame.subarray(28, 32)].join("."), mac: frame.toString("hex", 22, 28).replaceAll(/..(?!$)/g, "$&:") };
  if (type !== 0x0800) return { kind: "other", hex: frame.subarray(0, 60).toString("hex") };
  const to = [...frame.subarray(30, 34)].join(".");
  const segment = frame.subarray(14 + (frame.readUInt8(14) & 0xf) * 4);
  const isFragment = (frame.readUInt16BE(20) & 0x3fff) !== 0;
  if (isFragment || segment.length < 8) return { kind: "other", hex: frame.subarray(0, 60).toString("hex") };
  switch (frame.readUInt8(23)) {
    case 1:
      if (segment.readUInt8(0) === 0) return { kind: "pong", port: segment.readUInt16BE(4), to };
      // It quotes what it is about.
      return { kind: "forbidden", port: segment.readUInt16BE(8 + (segment.readUInt8(8) & 0xf) * 4), to };
    case 17:
      return { kind: "datagram", port: segment.readUInt16BE(2), to };
    case 6:
      return { kind: (segment.readUInt8(13) & 0x04) !== 0 ? "refused" : "accepted", port: segment.readUInt16BE(2), to };
    default:
      return { kind: "other", hex: frame.subarray(0, 60).toString("hex") };
  }
}

function tcpSegment(from: Sender, to: string, port: number, fromPort: number, flags = 0x02): Buffer {
  const tcp = Buffer.alloc(20);
  tcp.writeUInt16BE(fromPort, 0);
  tcp.writeUInt16BE(port, 2);
  tcp.writeUInt32BE(1000, 4);
  tcp.writeUInt8(0x50, 12);
  tcp.writeUInt8(flags, 13);
  tcp.writeUInt16BE(64_000, 14);
  return withChecksum(from, to, 6, tcp, 16);
}

function udpSegment(from: Sender, to: string, port: number, fromPort: number, payload: Buffer): Buffer {
  const udp = Buffer.concat([Buffer.alloc(8), payload]);
  udp.writeUInt16BE(fromPort, 0);
  udp.writeUInt16BE(port, 2);
  udp.writeUInt16BE(udp.length, 4);
  return withChecksum(from, to, 17, udp, 6);
}

function withChecksum(from: Sender, to: string, protocol: number, segment: Buffer, at: number): Buffer {
  const pseudo = Buffer.from([...addressBytes(from.address), ...addressBytes(to), 0, protocol, segment.length >> 8, segment.length & 0xff]);
  segment.writeUInt16BE(checksum(Buffer.concat([pseudo, segment])), at);
  return segment;
}

function ipFrame(from: Sender, to: string, protocol: number, segment: Buffer, odds: IpOdds = {}): Buffer {
  const options = odds.options ?? Buffer.alloc(0);
  const { offset, more } = odds.fragment ?? { offset: 0, more: false };
  const flags = odds.fragment === undefined ? 0x4000 : (more ? 0x2000 : 0) | (offset / 8);
  const fixed = [0x45 + options.length / 4, 0, 0, 0, 0, 1, flags >> 8, flags & 0xff, 64, odds.protocol ?? protocol, 0, 0];
  const header = Buffer.concat([Buffer.from(fixed), addressBytes(from.address), addressBytes(to), options]);
  header.writeUInt16BE(header.length + segment.length, 2);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([ethernet(from, 0x0800), header, segment]);
}

function ethernet({ mac, via = EVERYBODY }: Sender, type: number): Buffer {
  return Buffer.concat([macBytes(type === 0x0800 ? via : EVERYBODY), macBytes(mac), Buffer.from([type >> 8, type & 0xff])]);
}

function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(":", ""), "hex");
}

function addressBytes(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}

function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
