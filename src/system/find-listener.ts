/** Whose socket listens: the kernel's tables of sockets name an inode, and each process shows which it holds. */
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { isIPv6 } from "node:net";
import { argvOf, identify } from "./process-identity.ts";
import { isErrno } from "./is-errno.ts";
import type { Clock, FoundProcess } from "./system.ts";

/** In the column `st`; a UDP socket that is connected to nobody is CLOSE. */
const LISTENS = { tcp: "0A", udp: "07" } as const;

export function findListener(protocol: "tcp" | "udp", address: string, port: number, clock: Clock): FoundProcess | undefined {
  const [own, other] = [protocol, `${protocol}6`].map((table) => read(`/proc/net/${table}`));
  const inodes = whoseInodes(address, port, LISTENS[protocol], { four: own ?? "", six: other ?? "" });
  if (inodes.length === 0) return undefined;
  const wanted = new Set(inodes.map((inode) => `socket:[${inode}]`));
  for (const name of namesIn("/proc")) {
    if (!/^\d+$/.test(name) || !holdsOne(`/proc/${name}/fd`, wanted)) continue;
    const [identity, argv] = [identify(Number(name), clock), argvOf(Number(name))];
    if (identity !== undefined && argv !== undefined) return { ...identity, argv };
  }
  return undefined;
}

/** Of those in whose way it would be, the nearest: of its own family, of IPv6 for an address of IPv4, and for all of both; pure. */
export function whoseInodes(
  address: string,
  port: number,
  state: string,
  tables: { readonly four: string; readonly six: string },
): readonly string[] {
  if (isIPv6(address)) return listenersIn(tables.six, state, address, port);
  const found = [
    listenersIn(tables.four, state, address, port),
    listenersIn(tables.six, state, `::ffff:${address}`, port),
    listenersIn(tables.six, state, "::", port),
  ];
  return found.find((inodes) => inodes.length > 0) ?? [];
}

/** Inodes of what listens there, of one table of `/proc/net`; pure. An address that stands for all is in the way of each of its family. */
export function listenersIn(table: string, state: string, address: string, port: number): readonly string[] {
  const wanted = hexOf(address);
  return table.split("\n").flatMap((line) => {
    const [, local = "", , st, , , , , , inode = ""] = line.trim().split(/\s+/);
    const [host = "", hexPort = ""] = local.split(":");
    const isThere = st === state && Number.parseInt(hexPort, 16) === port;
    const isSame = host === wanted || isAll(host) || isAll(wanted);
    return isThere && isSame ? [inode] : [];
  });
}

function isAll(hex: string): boolean {
  return /^0+$/.test(hex);
}

/** An address as the tables have it: words of 32 bits, each in the order of this processor. */
function hexOf(address: string): string {
  return (
    bytesOf(address)
      .match(/.{8}/g)
      ?.map((word) => word.match(/../g)?.toReversed().join("") ?? "")
      .join("")
      .toUpperCase() ?? ""
  );
}

/** The bytes of an address that is valid, in hexadecimal. */
function bytesOf(address: string): string {
  if (!isIPv6(address))
    return address
      .split(".")
      .map((part) => Number(part).toString(16).padStart(2, "0"))
      .join("");
  // The URL parser writes an IPv4 tail as groups, too.
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail] = plain.split("::");
  const groups = (text: string): string[] =>
    text
      .split(":")
      .filter((group) => group !== "")
      .map((group) => group.padStart(4, "0"));
  const [before, after] = [groups(head), groups(tail ?? "")];
  return [...before, ...Array<string>(8 - before.length - after.length).fill("0000"), ...after].join("");
}

function holdsOne(folder: string, wanted: ReadonlySet<string>): boolean {
  return namesIn(folder).some((descriptor) => {
    try {
      return wanted.has(readlinkSync(`${folder}/${descriptor}`));
    } catch (error) {
      if (isErrno(error, "ENOENT") || isErrno(error, "EACCES")) return false; // closed, or not ours to see
      throw error;
    }
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "EACCES") || isErrno(error, "ESRCH")) return [];
    throw error;
  }
}

/** Empty where the kernel has no such table. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return "";
    throw error;
  }
}
