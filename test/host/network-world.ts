/**
 * A small internet of its own for a test: the namespace `host`, where the program under test runs, and behind it `internet`
 * with a web server and a name server. Needs root. Nothing outside these two namespaces is touched, and all goes at the end.
 *
 * `argv` puts a command into the host's namespace: a whole daemon, if need be.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const INTERNET_ADDRESS = "198.51.100.1";
export const HOST_ADDRESS = "198.51.100.2";
export const WEB_PORT = 80;
/** On the host, on loopback and on its own address: what a guest must not reach. */
export const SECRET_PORT = 8080;

export interface NetworkWorld extends AsyncDisposable {
  readonly host: string;
  /** The command, run in the host's namespace. */
  argv(command: readonly string[]): readonly string[];
}

const SERVER = join(import.meta.dir, "network-server.ts");

export async function openNetworkWorld(): Promise<NetworkWorld> {
  const [host, internet] = [`bgt-${process.pid}-host`, `bgt-${process.pid}-net`];
  const resolvers = `/etc/netns/${host}`;
  const children: ChildProcess[] = [];
  const ip = (...words: readonly string[]): void => void execFileSync("ip", words, { stdio: ["ignore", "ignore", "pipe"] });
  await using undo = new AsyncDisposableStack();

  for (const name of [host, internet]) {
    ip("netns", "add", name);
    undo.defer(() => ip("netns", "delete", name));
    ip("-n", name, "link", "set", "lo", "up");
  }
  ip("-n", host, "link", "add", "up0", "type", "veth", "peer", "name", "in0", "netns", internet);
  ip("-n", host, "address", "add", `${HOST_ADDRESS}/24`, "dev", "up0");
  ip("-n", host, "link", "set", "up0", "up");
  ip("-n", internet, "address", "add", `${INTERNET_ADDRESS}/24`, "dev", "in0");
  ip("-n", internet, "link", "set", "in0", "up");
  ip("-n", host, "route", "add", "default", "via", INTERNET_ADDRESS);
  mkdirSync(resolvers, { recursive: true });
  undo.defer(() => rmSync(resolvers, { recursive: true }));
  writeFileSync(join(resolvers, "resolv.conf"), `nameserver ${INTERNET_ADDRESS}\nsearch example.test\n`);

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
  const serve = async (namespace: string, kind: "web" | "dns", address: string, port: number): Promise<void> => {
    const child = spawn("ip", ["netns", "exec", namespace, process.execPath, SERVER, kind, address, String(port)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    await new Promise((resolve, reject) => {
      child.stdout?.once("data", resolve);
      child.once("exit", () => reject(new Error(`the ${kind} server at ${address} ended`)));
    });
  };
  await serve(internet, "web", INTERNET_ADDRESS, WEB_PORT);
  await serve(internet, "dns", INTERNET_ADDRESS, 53);
  await serve(host, "web", "127.0.0.1", SECRET_PORT);
  await serve(host, "web", HOST_ADDRESS, SECRET_PORT);
  await serve(host, "dns", "127.0.0.1", SECRET_PORT);

  const open = undo.move();
  return { host, argv: (command) => ["ip", "netns", "exec", host, ...command], [Symbol.asyncDispose]: () => open.disposeAsync() };
}
