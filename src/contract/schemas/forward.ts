/** A port of a guest that is reached at an address of the host: `[ADDRESS:]HOST:GUEST[/udp]`, as people type it. */
import { isIP, isIPv6 } from "node:net";
import { z } from "zod";

/** How many a vm may have. */
export const MOST_FORWARDS = 64;

const DEFAULT_ADDRESS = "127.0.0.1";
const FORMS = "[ADDRESS:]HOST:GUEST[/udp], such as 8080:80, 0.0.0.0:8080:80 or [::1]:5353:53/udp";
const FORM = /^(?:(?<address>\[[^\]]*\]|[^:[\]]*):)?(?<host>\d{1,5}):(?<guest>\d{1,5})(?:\/(?<protocol>tcp|udp))?$/;
const MOST_PORT = 65_535;

export const forward = z.strictObject({
  /** An address of the host, without brackets. */
  address: z.union([z.ipv4(), z.ipv6()]),
  /** 0 asks for one that is free. */
  hostPort: z.int().min(0).max(MOST_PORT),
  /** On the guest's loopback. */
  guestPort: z.int().min(1).max(MOST_PORT),
  protocol: z.enum(["tcp", "udp"]),
  /** The other way: who connects to the guest's port, on its loopback, reaches what listens at the host's address. */
  reverse: z.boolean(),
});
export type Forward = z.output<typeof forward>;

/** How one is typed; that it is the other way is not said. */
export function formatForward({ address, hostPort, guestPort, protocol }: Forward): string {
  const place = address === DEFAULT_ADDRESS ? String(hostPort) : formatPlace({ address, hostPort });
  return `${place}:${guestPort}${protocol === "udp" ? "/udp" : ""}`;
}

/** Where the host listens: `127.0.0.1:8080`. */
export function formatPlace({ address, hostPort }: Pick<Forward, "address" | "hostPort">): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${hostPort}`;
}

/** Whether both listen at the same place: an address, port and protocol of the host, or a port of the guest. */
export function isSamePlace(one: Forward, other: Forward): boolean {
  if (one.reverse || other.reverse) return one.reverse && other.reverse && one.guestPort === other.guestPort;
  return one.address === other.address && one.hostPort === other.hostPort && one.protocol === other.protocol;
}

/** Whether both listen at the same place and lead to the same. */
export function isSameForward(one: Forward, other: Forward): boolean {
  return isSamePlace(one, other) && formatForward(one) === formatForward(other);
}

/** What a text means, or what is wrong with it. */
export function parseForward(text: string): Forward | { readonly wrong: string } {
  const groups = FORM.exec(text)?.groups;
  const wrong = (why: string): { readonly wrong: string } => ({ wrong: `${JSON.stringify(text)} ${why}` });
  if (groups === undefined) return wrong(`is no forward; write ${FORMS}`);
  const written = groups["address"];
  const address = written?.startsWith("[") === true ? written.slice(1, -1) : written;
  const isAddress = address === undefined || (written?.startsWith("[") === true ? isPlainIPv6(address) : isIP(address) === 4);
  if (!isAddress) return wrong(`names ${JSON.stringify(written)}, which is no IP address; write ${FORMS}`);
  const parsed = forward.safeParse({
    address: address === undefined ? DEFAULT_ADDRESS : isIPv6(address) ? shortestOf(address) : address,
    hostPort: Number(groups["host"]),
    guestPort: Number(groups["guest"]),
    protocol: groups["protocol"] ?? "tcp",
    reverse: false,
  });
  if (parsed.success) return parsed.data;
  return wrong(`has a port that there is not: the guest's is 1 to ${MOST_PORT}, and the host's may be 0 for any that is free`);
}

/** A forward in an input: text as typed; what it means after parsing. */
export const forwardText = z.string().transform((text, context): Forward => {
  const parsed = parseForward(text);
  if (!("wrong" in parsed)) return parsed;
  context.addIssue({ code: "custom", message: parsed.wrong });
  return z.NEVER;
});

/** Without a zone, and none that is of IPv4 and only written so. */
function isPlainIPv6(address: string): boolean {
  return isIPv6(address) && !address.includes("%") && !shortestOf(address).startsWith("::ffff:");
}

/** One address has one text, so that two forwards of the same place are seen to be. */
function shortestOf(address: string): string {
  // A zone is no part of what URL takes, and of an address to listen on there is no use for one.
  return URL.canParse(`http://[${address}]`) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}
