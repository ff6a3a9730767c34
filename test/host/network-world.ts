/**
 * A small internet of its own for a test: the namespaces `host`, where the program under test runs, and behind it `outside`: a
 * router with the host's neighbours, clouds' metadata and private networks, and the internet with a web server. The host's name
 * server is a stub on its loopback. For root and for everybody; nothing outside of them is touched, and all goes at the end.
 *
 * `argv` puts a command into the host's namespaces: a whole daemon, if need be.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openNamespaces, type Namespaces } from "../support/namespaces.ts";

export const INTERNET_ADDRESS = "198.51.100.1";
export const HOST_ADDRESS = "192.168.77.2";
/** The host's, too, and one that could be reached from anywhere. */
export const HOST_PUBLIC_ADDRESS = "203.0.113.9";
export const NEIGHBOUR_ADDRESS = "192.168.77.9";
export const WEB_PORT = 80;
/** On everything that a guest must not reach. */
export const SECRET_PORT = 8080;
/** On the host's loopback: what guests reach when they are granted it. */
export const HOST_PORTS = Array.from({ length: 10 }, (_, index) => 9090 + index);
export const GRANTED_PORT = 9090;
const STUB = "127.0.0.53";

/** A script for bash that prints what a web server says, or how it could not be asked: at the address `$0` and the port `$1`. */
export const ASK = `exec 2>&1; exec 3<>"/dev/tcp/$0/$1" && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && timeout 5 cat <&3`;
/** How the internet's server greets who comes by way of the host. */
export const SAID = `hello from ${INTERNET_ADDRESS} to ${HOST_ADDRESS}\n`;

/** The gateway of a guest, without the length of its network: the address before the guest's own. */
export function gatewayOf(address: string): string {
  return address.replace(/\/.*/, "").replace(/\d+$/, (last) => String(Number(last) - 1));
}

/** What the host reaches, and a guest is not to. */
export const FORBIDDEN = {
  router: "192.168.77.1",
  neighbour: NEIGHBOUR_ADDRESS,
  metadata: "169.254.169.254",
  private10: "10.9.9.9",
  private172: "172.20.1.1",
  carrier: "100.64.7.7",
  measuring: "198.18.4.4",
  /** Another network than the host's own of the same kind. */
  private192: "192.168.5.5",
} as const;

export interface NetworkWorld extends AsyncDisposable {
  /** The command, run in the host's namespaces. */
  argv(command: readonly string[]): readonly string[];
  /** The command, run where the host's neighbours and the internet are; their card is `in0`. */
  outside(command: readonly string[]): readonly string[];
  /** Runs `ip` in the host's. */
  ip(...words: readonly string[]): void;
  /** Makes the host ask this name server. */
  setNameServer(address: string): void;
}

const SERVER = join(import.meta.dir, "network-server.ts");

export async function openNetworkWorld(): Promise<NetworkWorld> {
  const children: ChildProcess[] = [];
  await using undo = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "bgt-"));
  undo.defer(() => rmSync(folder, { recursive: true }));
  const setNameServer = (address: string): void =>
    writeFileSync(join(folder, "resolv.conf"), `nameserver ${address}\nsearch example.test\n`);
  setNameServer(STUB);
  const host = undo.use(await openNamespaces(["--net", "--mount"], `mount --bind "${folder}/resolv.conf" /etc/resolv.conf`));
  const outside = undo.use(await openNamespaces(["--net"], "", host));
  const ipIn = (where: Namespaces, ...words: readonly string[]): void => {
    const [program = "", ...rest] = where.argv(["ip", ...words]);
    execFileSync(program, rest, { stdio: ["ignore", "ignore", "pipe"] });
  };
  for (const where of [host, outside]) ipIn(where, "link", "set", "lo", "up");
  ipIn(host, "link", "add", "up0", "type", "veth", "peer", "name", "in0", "netns", String(outside.pid));
  ipIn(host, "address", "add", `${HOST_ADDRESS}/24`, "dev", "up0");
  ipIn(host, "address", "add", `${HOST_PUBLIC_ADDRESS}/32`, "dev", "lo");
  ipIn(host, "link", "set", "up0", "up");
  ipIn(outside, "link", "set", "in0", "up");
  ipIn(outside, "address", "add", `${FORBIDDEN.router}/24`, "dev", "in0");
  ipIn(outside, "address", "add", `${FORBIDDEN.neighbour}/24`, "dev", "in0");
  for (const address of [INTERNET_ADDRESS, ...Object.values(FORBIDDEN).slice(2)])
    ipIn(outside, "address", "add", `${address}/32`, "dev", "lo");
  ipIn(host, "route", "add", "default", "via", FORBIDDEN.router);

  undo.defer(async () => {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(
      children.map(
        (child) =>
          new Promise((resolve) =>
            child.exitCode === null && child.signalCode === null ? child.once("exit", resolve) : resolve(undefined),
          ),
      ),
    );
  });
  const serve = async (where: Namespaces, servers: readonly (readonly [kind: "web" | "dns", address: string, port: number])[]) => {
    const words = servers.map(([kind, address, port]) => `${kind}/${address}/${port}`);
    const [program = "", ...rest] = where.argv([process.execPath, SERVER, ...words]);
    const child = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    await new Promise((resolve, reject) => {
      child.stdout?.once("data", resolve);
      child.once("exit", () => reject(new Error(`the servers ${words.join(" ")} ended`)));
    });
  };
  const both = (address: string, port: number) => [["web", address, port] as const, ["dns", address, port] as const];
  await serve(outside, [
    ["web", INTERNET_ADDRESS, WEB_PORT],
    ["dns", INTERNET_ADDRESS, 53],
    ...Object.values(FORBIDDEN).flatMap((address) => both(address, SECRET_PORT)),
  ]);
  await serve(host, [
    ["dns", STUB, 53],
    ...["127.0.0.1", HOST_ADDRESS, HOST_PUBLIC_ADDRESS].flatMap((address) => both(address, SECRET_PORT)),
    ...HOST_PORTS.flatMap((port) => both("127.0.0.1", port)),
  ]);

  const open = undo.move();
  return {
    argv: (command) => host.argv(command),
    outside: (command) => outside.argv(command),
    ip: (...words) => ipIn(host, ...words),
    setNameServer,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
