/** Ports of a real guest without a network, reached at this computer: by what programs of this computer send, and by what they see. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import dgram from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { openGoods } from "../support/goods.ts";
import { killDaemon } from "../support/kill-daemon.ts";
import { closeWorld, openWorld, type World } from "../support/world.ts";

setDefaultTimeout(180_000);

interface Shown {
  readonly state: string;
  readonly problems: readonly string[];
  readonly forwards: readonly {
    readonly address: string;
    readonly hostPort: number;
    readonly guestPort: number;
    readonly protocol: string;
  }[];
}

/** Answers each connection on 7000 with what it says, and after its end with how much that was; each datagram on 7001 with itself. */
const SERVER = `use IO::Socket::INET; use IO::Select; $SIG{CHLD} = "IGNORE"; fork and exit;
my $tcp = IO::Socket::INET->new(Listen => 64, LocalAddr => "127.0.0.1", LocalPort => 7000, ReuseAddr => 1) or die;
my $udp = IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.1", LocalPort => 7001) or die;
open(STDIN, "<", "/dev/null"); open(STDOUT, ">", "/tmp/serves"); open(STDERR, ">&", STDOUT);
my $select = IO::Select->new($tcp, $udp);
while (1) { for my $ready ($select->can_read) {
  if ($ready == $udp) { my $from = recv($udp, my $said, 65535, 0); send($udp, $said, 0, $from) if defined $from; next }
  my $peer = $tcp->accept or next; if (fork) { close $peer; next }
  my $sum = 0; while (my $count = sysread($peer, my $piece, 65536)) { $sum += $count; my $at = 0; while ($at < $count) { $at += syswrite($peer, $piece, $count - $at, $at) // exit } }
  syswrite($peer, "=$sum"); exit } }`;

let world: World;
let tcpPort: number;

const show = (name = "dev"): Promise<Shown> => world.json<Shown>(["vm", "show", name]);

async function serve(name: string): Promise<void> {
  await world.ok(["exec", name, "--", "perl", "-e", SERVER]);
  await world.ok(["exec", name, "--", "sh", "-c", "until [ -e /tmp/serves ]; do sleep 0.1; done"]);
}

/** Sends everything, ends, and reads to the end. */
async function talk(port: number, said: Uint8Array, address = "127.0.0.1"): Promise<Buffer> {
  const socket = net.connect({ port, host: address, allowHalfOpen: true });
  socket.end(said);
  const pieces: Buffer[] = [];
  for await (const piece of socket) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** What a connection comes to: `closed` for one that was made and then cut off, or the error. */
async function outcomeOf(port: number): Promise<string> {
  try {
    const said = await talk(port, Buffer.from("x"));
    return said.length === 0 ? "closed" : said.toString();
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

async function ask(port: number, said: Uint8Array): Promise<Buffer> {
  const socket = dgram.createSocket("udp4");
  try {
    const answered = once(socket, "message") as Promise<[Buffer]>;
    // A datagram may be lost.
    const again = setInterval(() => socket.send(said, port, "127.0.0.1"), 2000);
    socket.send(said, port, "127.0.0.1");
    const [answer] = await answered;
    clearInterval(again);
    return answer;
  } finally {
    socket.close();
  }
}

beforeAll(async () => {
  const { kernel } = await openGoods();
  world = await openWorld();
  await world.ok(["vm", "create", "dev", "--kernel", kernel, "--publish", "0:7000", "-p", "0:7001/udp"]);
  await serve("dev");
  tcpPort = (await show()).forwards[0]?.hostPort ?? 0;
});
afterAll(async () => closeWorld(world));

test("what is sent to the port arrives in the guest, and what it answers comes back, to the last byte after the end", async () => {
  const said = randomBytes(8 * 2 ** 20);
  const heard = await talk(tcpPort, said);
  const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  expect(digest(heard.subarray(0, said.length))).toBe(digest(said));
  expect(heard.subarray(said.length).toString()).toBe(`=${said.length}`);
});

test("many connections are many", async () => {
  const heard = await Promise.all(Array.from({ length: 50 }, (_, at) => talk(tcpPort, Buffer.from(`I am ${at} `))));
  expect(heard.map(String)).toEqual(Array.from({ length: 50 }, (_, at) => `I am ${at} =${`I am ${at} `.length}`));
});

test("datagrams go there and back, each to who asked", async () => {
  const port = (await show()).forwards[1]?.hostPort ?? 0;
  const said = Array.from({ length: 20 }, (_, at) => randomBytes(at * 400));
  const heard = await Promise.all(said.map((bytes) => ask(port, bytes)));
  expect(heard.map((bytes) => bytes.toString("hex"))).toEqual(said.map((bytes) => bytes.toString("hex")));
});

test("a port on which nothing listens in the guest turns away as one here would", async () => {
  const ran = await world.ok(["forward", "dev", "0:7999"]);
  const [, port] = /127\.0\.0\.1:(\d+) +port 7999 in the vm +tcp/.exec(ran) ?? [];
  expect(["closed", "ECONNRESET", "ECONNREFUSED"]).toContain(await outcomeOf(Number(port)));
  await world.ok(["forward", "dev", `${port}:7999`, "--remove"]);
  expect(await outcomeOf(Number(port))).toBe("ECONNREFUSED");
});

test("an address of IPv6 leads to the same guest", async () => {
  const shown = JSON.parse(await world.ok(["forward", "dev", "[::1]:0:7000", "--json"])) as Shown | readonly Shown[];
  const forwards = "forwards" in shown ? shown.forwards : (shown[0]?.forwards ?? []);
  const six = forwards.find(({ address }) => address === "::1");
  expect(String(await talk(six?.hostPort ?? 0, Buffer.from("six"), "::1"))).toBe("six=3");
});

test("however many connect, the vm can be used, and can be connected to again when they have gone", async () => {
  const sockets = await Promise.all(
    Array.from({ length: 400 }, async () => {
      const socket = net.connect(tcpPort, "127.0.0.1").on("error", () => undefined);
      await once(socket, "connect");
      return socket;
    }),
  );
  // What could not be had is cut off, and those that could are answered.
  const answered = sockets.map((socket) => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    socket.once("data", () => resolve(true)).once("close", () => resolve(false));
    socket.write("x");
    return promise;
  });
  // Whoever sent a datagram lately counts, too.
  const { length } = (await Promise.all(answered)).filter(Boolean);
  expect(length).toBeGreaterThan(200);
  expect(length).toBeLessThanOrEqual(256);
  expect(await world.ok(["exec", "dev", "--", "echo", "still here"])).toBe("still here\n");
  for (const socket of sockets) socket.destroy();
  while ((await outcomeOf(tcpPort)) !== "x=1") await Bun.sleep(50);
});

test("a port is had by one vm, or by another program, and who wants it is told by which", async () => {
  const { kernel } = await openGoods();
  const refused = await world.banger(["vm", "create", "other", "--kernel", kernel, "--publish", `${tcpPort}:80`]);
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`127.0.0.1:${tcpPort} cannot be published: vm dev listens there`),
  });
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  const taken = await world.banger(["forward", "dev", `${port}:80`]);
  server.close();
  expect(taken).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${port}: \\S+ \\(pid ${process.pid}\\) listens there`)),
  });
  expect((await world.json<{ vms: readonly { name: string }[] }>(["vm", "list"])).vms.map(({ name }) => name)).toEqual(["dev"]);
});

test("the port is open again after the daemon's death, and after a stop and a start", async () => {
  await killDaemon(world);
  // The guest served on; whoever asks for something starts the next daemon.
  expect((await show()).state).toBe("running");
  expect(String(await talk(tcpPort, Buffer.from("again")))).toBe("again=5");
  await world.ok(["vm", "stop", "dev"]);
  expect(await outcomeOf(tcpPort)).toBe("ECONNREFUSED");
  await world.ok(["vm", "start", "dev"]);
  await serve("dev");
  expect(String(await talk(tcpPort, Buffer.from("and again")))).toBe("and again=9");
  expect((await show()).problems).toEqual([]);
});

test("a guest that stands still takes no connection", async () => {
  await world.ok(["vm", "pause", "dev"]);
  expect(["closed", "ECONNRESET"]).toContain(await outcomeOf(tcpPort));
  await world.ok(["vm", "resume", "dev"]);
  expect(String(await talk(tcpPort, Buffer.from("awake")))).toBe("awake=5");
});

/** Says `hello` to a port of the guest, ends, and gives what came back, or the error. */
const CALL = (port: number): string => `use IO::Socket::INET;
my $peer = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => ${port}, Timeout => 20) or do { print "$!"; exit };
print $peer "hello"; shutdown($peer, 1); local $/; print <$peer> // "nothing"`;
const call = (port: number): Promise<string> => world.ok(["exec", "dev", "--", "perl", "-e", CALL(port)]);

async function openGreeter(): Promise<net.Server> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined).on("data", (said) => void socket.write(String(said).toUpperCase()));
    socket.on("end", () => socket.end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

test("the other way, a port in the guest reaches what the user said at this computer, and nothing before that and after", async () => {
  const server = await openGreeter();
  const { port } = server.address() as net.AddressInfo;
  try {
    expect(await call(7100)).toBe("Connection refused");
    await world.ok(["forward", "dev", "--reverse", `${port}:7100`]);
    expect(await call(7100)).toBe("HELLO");
    // The next daemon listens again.
    await killDaemon(world);
    await world.ok(["ps"]);
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline && (await call(7100)) !== "HELLO") await Bun.sleep(200);
    expect(await call(7100)).toBe("HELLO");
    const { stdout } = await world.banger(["vm", "show", "dev"]);
    expect(stdout).toMatch(new RegExp(`port 7100 in the vm +127\\.0\\.0\\.1:${port} +tcp`));
    await world.ok(["forward", "dev", "-R", `${port}:7100`, "--remove"]);
    expect(await call(7100)).toBe("Connection refused");
  } finally {
    server.close();
  }
});

test("the other way, a port that the guest has itself is told", async () => {
  const ran = await world.banger(["forward", "dev", "--reverse", "5432:7000"]);
  expect(ran).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(
      "is not reached from the guest: cannot listen on port 7000 in the guest: something listens there already",
    ),
  });
  await world.ok(["forward", "dev", "--reverse", "5432:7000", "--remove"]);
  expect(await world.banger(["forward", "dev", "--reverse", "53:53/udp"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("only TCP goes"),
  });
});

test("with the proxy each port of each vm has a name", async () => {
  const free = net.createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as net.AddressInfo;
  free.close();
  writeFileSync(join(world.folder, "config/banger/config.toml"), `[proxy]\nlisten = "127.0.0.1:${port}"\n`);
  await world.ok(["daemon", "stop"]);
  expect((await show()).state).toBe("running");
  const request = `GET / HTTP/1.1\r\nHost: 7000.dev.localhost:${port}\r\n\r\n`;
  expect(String(await talk(port, Buffer.from(request)))).toBe(`${request}=${request.length}`);
  const closed = await talk(port, Buffer.from(request.replace("7000", "7999")));
  expect(String(closed)).toMatch(/^HTTP\/1\.1 502 [^]*nothing listens on 127\.0\.0\.1 there\n/);
  expect(await world.ok(["doctor"])).toMatch(new RegExp(`proxy +fine +listens on 127\\.0\\.0\\.1:${port}`));
});
