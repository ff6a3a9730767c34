/**
 * A small internet of its own for a test: the namespaces `host`, where the program under test runs, and behind it `internet`
 * with a web server and a name server. For root and for everybody; nothing outside of them is touched, and all goes at the end.
 *
 * `argv` puts a command into the host's namespaces: a whole daemon, if need be.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openNamespaces, type Namespaces } from "../support/namespaces.ts";

export const INTERNET_ADDRESS = "198.51.100.1";
export const HOST_ADDRESS = "198.51.100.2";
export const WEB_PORT = 80;
/** On the host, on loopback and on its own address: what a guest must not reach. */
export const SECRET_PORT = 8080;

export interface NetworkWorld extends AsyncDisposable {
  /** The command, run in the host's namespaces. */
  argv(command: readonly string[]): readonly string[];
}

const SERVER = join(import.meta.dir, "network-server.ts");

export async function openNetworkWorld(): Promise<NetworkWorld> {
  const children: ChildProcess[] = [];
  await using undo = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "bgt-"));
  undo.defer(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "resolv.conf"), `nameserver ${INTERNET_ADDRESS}\nsearch example.test\n`);
  const host = undo.use(await openNamespaces(["--net", "--mount"], `mount --bind "${folder}/resolv.conf" /etc/resolv.conf`));
  const internet = undo.use(await openNamespaces(["--net"], "", host));
  const ip = (where: Namespaces, ...words: readonly string[]): void => {
    const [program = "", ...rest] = where.argv(["ip", ...words]);
    execFileSync(program, rest, { stdio: ["ignore", "ignore", "pipe"] });
  };
  for (const where of [host, internet]) ip(where, "link", "set", "lo", "up");
  ip(host, "link", "add", "up0", "type", "veth", "peer", "name", "in0", "netns", String(internet.pid));
  ip(host, "address", "add", `${HOST_ADDRESS}/24`, "dev", "up0");
  ip(host, "link", "set", "up0", "up");
  ip(internet, "address", "add", `${INTERNET_ADDRESS}/24`, "dev", "in0");
  ip(internet, "link", "set", "in0", "up");
  ip(host, "route", "add", "default", "via", INTERNET_ADDRESS);

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
  const serve = async (where: Namespaces, kind: "web" | "dns", address: string, port: number): Promise<void> => {
    const [program = "", ...rest] = where.argv([process.execPath, SERVER, kind, address, String(port)]);
    const child = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
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
  return { argv: (command) => host.argv(command), [Symbol.asyncDispose]: () => open.disposeAsync() };
}
