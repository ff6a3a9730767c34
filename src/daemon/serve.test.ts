import { afterEach, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import net from "node:net";
import { Duplex } from "node:stream";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { BangerError, type ErrorShape } from "../contract/errors.ts";
import type { OperationEvent } from "../contract/events.ts";
import { encodeFrame, encodeJsonFrame, FRAME, FrameReader } from "../contract/frames.ts";
import type { Log } from "../system/log.ts";
import { makeSystem } from "../system/make-system.ts";
import { makeFakeRooms } from "./fake-rooms.ts";
import { holdPrivateFolder } from "./private-folder.ts";
import { serve } from "./serve.ts";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const config = { path: "/config.toml", text: undefined, readNow: () => setTimeout(20, undefined) };
let world = new AsyncDisposableStack();
afterEach(async () => {
  await world.disposeAsync();
  world = new AsyncDisposableStack();
});

async function openWorld(uid = process.getuid?.() ?? 0) {
  const folder = mkdtempSync(join(tmpdir(), "banger-serve-"));
  world.defer(() => rmSync(folder, { recursive: true }));
  const system = makeSystem({ BANGER_HOME: folder }, silent);
  const services = makeFakeRooms(system);
  const [stops, troubles]: [string[], string[]] = [[], []];
  const daemon = {
    version: "1.0.0",
    pid: 42,
    startedAt: 7,
    config,
    requestStop: () => void stops.push("stop"),
    onTrouble: () => void troubles.push("trouble"),
  };
  const socketPath = join(folder, "s");
  const served = world.use(
    await serve({ ...services, daemon }, { socketPath, heldPath: socketPath, uid, system, onWork: () => undefined }),
  );
  const ask = (method: string, path: string, options: { body?: unknown; headers?: Record<string, string> } = {}) =>
    fetch(`http://banger${path}`, {
      unix: socketPath,
      method,
      headers: { "banger-version": "1.0.0", ...options.headers },
      ...(options.body === undefined ? {} : { body: typeof options.body === "string" ? options.body : JSON.stringify(options.body) }),
    });
  return { services, stops, troubles, socketPath, served, folder, ask };
}

const eventsOf = async (response: Response): Promise<OperationEvent[]> =>
  (await response.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as OperationEvent);
const ndjson = { accept: "application/x-ndjson" };
const errorOf = async (response: Response): Promise<ErrorShape> => (await response.json()) as ErrorShape;

describe("documents", () => {
  test("a query is answered with its output", async () => {
    const { ask } = await openWorld();
    const response = await ask("GET", "/v1/vms");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ vms: [] });
  });

  test("an expected failure has its kind's status and its shape", async () => {
    const { ask } = await openWorld();
    const response = await ask("GET", "/v1/vms/nobody");
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toEqual({
      code: "vm_not_found",
      kind: "not_found",
      message: "no vm is named `nobody`",
      hint: "banger ps",
    });
  });

  test("all problems of an input are told at once, each with its path", async () => {
    const { ask } = await openWorld();
    const response = await ask("POST", "/v1/vms", { body: { name: "-", memory: "much", disks: 3, env: { "A B": "" } } });
    expect(response.status).toBe(400);
    expect((await errorOf(response)).problems?.map(({ path }) => path).toSorted()).toEqual(["disks", "env.A B", "memory", "name"]);
  });

  test.each([
    ["POST", "/v1/vms", "{", "invalid_json"],
    ["POST", "/v1/vms", "[]", "invalid_json"],
    ["POST", "/v1/vms/dev/start", '{"vm":"other"}', "invalid_input"],
    ["POST", "/v1/vms", "too large", "body_too_large"],
    ["GET", "/v1/vms?all=1", undefined, "invalid_input"],
    ["GET", "/v1/vms/%ff", undefined, "invalid_input"],
    ["GET", "/v1/operations/00c0ffee00c0ffee/events?from=-1", undefined, "invalid_input"],
    ["GET", "/nowhere", undefined, "no_such_route"],
    ["PATCH", "/v1/vms", "{}", "no_such_route"],
    ["POST", "/v1/vms/dev/exec", undefined, "upgrade_required"],
  ])("%s %s with the body %p is refused as %s", async (method, path, text, code) => {
    const { ask } = await openWorld();
    const body = text === "too large" ? JSON.stringify({ name: "x".repeat(2 ** 20) }) : text;
    const response = await ask(method, path, body === undefined ? {} : { body });
    expect((await errorOf(response)).code).toBe(code);
  });

  test("text in a query becomes what the field is", async () => {
    const { ask } = await openWorld();
    await (await ask("POST", "/v1/vms", { body: { name: "dev" }, headers: ndjson })).text();
    const refused = await eventsOf(await ask("DELETE", "/v1/vms/dev", { headers: ndjson }));
    expect(refused.at(-1)).toMatchObject({ ok: false, error: { code: "vm_running" } });
    const done = await eventsOf(await ask("DELETE", "/v1/vms/dev?force=true", { headers: ndjson }));
    expect(done.at(-1)).toMatchObject({ ok: true, output: { vm: "dev" } });
  });

  test("goods name the vms that use them, and are not deleted while there are any", async () => {
    const { ask } = await openWorld();
    await (await ask("POST", "/v1/images/pull", { body: { name: "debian-bookworm" }, headers: ndjson })).text();
    await (await ask("POST", "/v1/vms", { body: { name: "dev" }, headers: ndjson })).text();
    expect(await (await ask("GET", "/v1/images/debian-bookworm")).json()).toMatchObject({ usedBy: ["dev"] });
    expect(await errorOf(await ask("DELETE", "/v1/images/debian-bookworm"))).toMatchObject({ code: "image_in_use", hint: "banger rm dev" });
  });
});

describe("long operations", () => {
  test("are answered 202 with their id, and their events can be read at any time", async () => {
    const { ask } = await openWorld();
    const response = await ask("POST", "/v1/vms", { body: { name: "dev" } });
    expect(response.status).toBe(202);
    const { operation } = (await response.json()) as { operation: string };
    const events = await eventsOf(await ask("GET", `/v1/operations/${operation}/events`));
    expect(events.at(-1)).toMatchObject({ type: "outcome", ok: true, output: { name: "dev", state: "running" } });
    expect(await eventsOf(await ask("GET", `/v1/operations/${operation}/events?from=2`))).toEqual(events.slice(2));
    expect(await (await ask("GET", `/v1/operations/${operation}`)).json()).toMatchObject({ subject: "dev", state: "done", error: null });
  });

  test("are answered with their events to who accepts them, the header naming the operation", async () => {
    const { ask } = await openWorld();
    const response = await ask("POST", "/v1/vms", { body: { name: "dev" }, headers: ndjson });
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    expect(response.headers.get("banger-operation")).toMatch(/^[0-9a-f]{16}$/);
    const events = await eventsOf(response);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
    expect(events.at(-1)).toMatchObject({ type: "outcome", ok: true });
  });

  test("go on when the client goes away, and are cancelled when asked", async () => {
    const { ask, services } = await openWorld();
    const leave = new AbortController();
    const response = await ask("POST", "/v1/vms", { body: { name: "dev", image: "slow" }, headers: ndjson });
    const id = response.headers.get("banger-operation") ?? "";
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    leave.abort();
    expect(services.operations.get(id).state).toBe("running");
    expect(await (await ask("POST", `/v1/operations/${id}/cancel`)).json()).toMatchObject({ state: "cancelled" });
  });
});

describe("an operation that cannot be recorded", () => {
  test("is refused, and things are put in order again", async () => {
    const { ask, services, troubles } = await openWorld();
    services.operations.start = () => {
      throw new BangerError("unavailable", "disk_full", "the disk is full");
    };
    const response = await ask("POST", "/v1/vms", { body: { name: "dev" }, headers: ndjson });
    expect([response.status, (await errorOf(response)).code, troubles]).toEqual([503, "disk_full", ["trouble"]]);
  });
});

describe("a client that has ended its side", () => {
  const halfClosed = async (socketPath: string, path: string): Promise<string> => {
    const socket = net.connect({ path: socketPath, allowHalfOpen: true });
    socket.end(`GET ${path} HTTP/1.1\r\nhost: b\r\nbanger-version: 1.0.0\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}`);
    return text(socket);
  };

  test("gets its answer, also when that takes a moment", async () => {
    const { socketPath } = await openWorld();
    for (let round = 0; round < 10; round += 1) expect(await halfClosed(socketPath, "/v1/config")).toStartWith("HTTP/1.1 200 OK\r\n");
  });

  test("is waited for no longer where lines come for ever", async () => {
    const { ask, services, socketPath } = await openWorld();
    const { operation } = (await (await ask("POST", "/v1/vms", { body: { name: "dev", image: "slow" } })).json()) as { operation: string };
    expect(await halfClosed(socketPath, `/v1/operations/${operation}/events`)).toStartWith("HTTP/1.1 200 OK\r\n");
    expect(services.operations.get(operation).state).toBe("running");
    await ask("POST", `/v1/operations/${operation}/cancel`);
  });
});

describe("the version", () => {
  test("of a client that differs is refused with both and what to type, but for the two verbs that mend it", async () => {
    const { ask, stops } = await openWorld();
    const headers = { "banger-version": "2.0.0" };
    const refused = await ask("GET", "/v1/vms", { headers });
    expect(refused.status).toBe(409);
    expect(await errorOf(refused)).toMatchObject({
      code: "daemon_version_differs",
      hint: "banger daemon stop",
      data: { client: "2.0.0", daemon: "1.0.0" },
    });
    expect(await (await ask("GET", "/v1/version", { headers })).json()).toEqual({ version: "1.0.0", pid: 42, startedAt: 7 });
    expect(await (await ask("POST", "/v1/daemon/stop", { headers })).json()).toEqual({ pid: 42 });
    expect(stops).toEqual(["stop"]);
  });
});

describe("exec", () => {
  test("is upgraded to a raw stream of frames, large ones too", async () => {
    const { ask, socketPath } = await openWorld();
    await (await ask("POST", "/v1/vms", { body: { name: "dev" }, headers: ndjson })).text();
    const { socket, head } = await connectExec(socketPath, "dev");
    expect(head).toStartWith("HTTP/1.1 101 ");
    socket.write(encodeJsonFrame(FRAME.spec, { argv: ["cat"], env: {} }));
    const sent = 200;
    for (let each = 0; each < sent; each += 1) socket.write(encodeFrame(FRAME.stdin, new Uint8Array(65_536).fill(each)));
    socket.write(encodeFrame(FRAME.stdinEnd));
    const reader = new FrameReader();
    let bytes = 0;
    const types = new Set<number>();
    for await (const chunk of socket) {
      for (const frame of reader.push(chunk as Uint8Array)) {
        types.add(frame.type);
        if (frame.type === FRAME.stdout) bytes += frame.payload.length;
      }
    }
    expect(bytes).toBe(sent * 65_536);
    expect([...types]).toEqual([FRAME.started, FRAME.stdout, FRAME.exited]);
  });

  test("ends for the guest as soon as its client is gone", async () => {
    const { ask, socketPath, services } = await openWorld();
    await (await ask("POST", "/v1/vms", { body: { name: "dev" }, headers: ndjson })).text();
    const opened = Promise.withResolvers<Duplex>();
    const openExec = services.vms.openExec.bind(services.vms);
    services.vms.openExec = async (vm, signal) => {
      const stream = await openExec(vm, signal);
      opened.resolve(stream);
      return stream;
    };
    const { socket } = await connectExec(socketPath, "dev");
    socket.write(encodeJsonFrame(FRAME.spec, { argv: ["wait"], env: {} }));
    const stream = await opened.promise;
    const closed = once(stream, "close");
    socket.end();
    await closed;
    expect(stream.readableEnded).toBe(false);
  });

  test("ends when its client dies while nobody takes what it sends", async () => {
    const { ask, socketPath, services } = await openWorld();
    await (await ask("POST", "/v1/vms", { body: { name: "dev" }, headers: ndjson })).text();
    const full = Promise.withResolvers<void>();
    const stream = new Duplex({ read: () => undefined, write: () => full.resolve() });
    services.vms.openExec = async () => stream;
    const { socket } = await connectExec(socketPath, "dev");
    const isOver = once(stream, "close");
    let sent = 0;
    const send = (): void => {
      sent += 1;
      if (!socket.destroyed) socket.write(encodeFrame(FRAME.stdin, new Uint8Array(65_536)), send);
    };
    send();
    await full.promise;
    // Until nothing moves any more: the daemon has stopped reading.
    for (let before = -1; before !== sent || sent === 0;) {
      before = sent;
      await Bun.sleep(50);
    }
    socket.destroy();
    await isOver;
  });

  test("ends when its client dies before the guest has answered", async () => {
    const { ask, socketPath, services } = await openWorld();
    await (await ask("POST", "/v1/vms", { body: { name: "dev" }, headers: ndjson })).text();
    const asked = Promise.withResolvers<AbortSignal>();
    services.vms.openExec = (_vm, signal) => {
      asked.resolve(signal);
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    };
    const connecting = connectExec(socketPath, "dev", true);
    const signal = await asked.promise;
    const { socket } = await connecting;
    socket.destroy();
    if (!signal.aborted) await once(signal, "abort");
    expect(signal.reason).toMatchObject({ code: "client_gone" });
  });

  test("is refused as JSON before anything is upgraded", async () => {
    const { socketPath } = await openWorld();
    const { head, rest } = await connectExec(socketPath, "nobody");
    expect(head).toStartWith("HTTP/1.1 404 ");
    expect(JSON.parse(rest)).toMatchObject({ code: "vm_not_found" });
  });
});

describe("who may come in", () => {
  test.skipIf(process.getuid?.() !== 0)("a process of another user is dropped before a byte of it is read", async () => {
    const { socketPath, folder } = await openWorld();
    chmodSync(folder, 0o755);
    chmodSync(socketPath, 0o777);
    expect(await getAs("65534", socketPath)).toBe("connected ");
    expect(await getAs("0", socketPath)).toStartWith("connected HTTP/1.1 200");
  });

  test("root is not special", async () => {
    const { ask } = await openWorld(12_345);
    expect(ask("GET", "/v1/version")).rejects.toThrow();
  });
});

describe("the path of the socket", () => {
  test.each(["file", "folder", "link"])("a %s in its place is refused and left alone", async (kind) => {
    const { folder, services } = await openWorld();
    const socketPath = join(folder, "taken");
    if (kind === "file") writeFileSync(socketPath, "");
    if (kind === "folder") mkdirSync(socketPath);
    if (kind === "link") symlinkSync("/etc/passwd", socketPath);
    const system = makeSystem({ BANGER_HOME: folder }, silent);
    const daemon = { version: "1.0.0", pid: 1, startedAt: 0, config, requestStop: () => {}, onTrouble: () => {} };
    expect(
      serve({ ...services, daemon }, { socketPath, heldPath: socketPath, uid: 0, system, onWork: () => undefined }),
    ).rejects.toMatchObject({
      code: "socket_path_taken",
    });
  });

  test("a folder that is swapped for a link before the daemon listens gets no socket through it, and none is removed", async () => {
    const { folder, services } = await openWorld();
    const [run, moved, outside] = [join(folder, "run"), join(folder, "run.x"), join(folder, "outside")];
    for (const made of [run, outside]) mkdirSync(made, { mode: 0o700 });
    writeFileSync(join(outside, "banger.sock"), "theirs");
    const system = makeSystem({ BANGER_HOME: folder }, silent);
    const uid = process.getuid?.() ?? 0;
    using held = holdPrivateFolder(system.files, run, uid);
    renameSync(run, moved);
    symlinkSync(outside, run);
    const socketPath = join(run, "banger.sock");
    const daemon = { version: "1.0.0", pid: 1, startedAt: 0, config, requestStop: () => {}, onTrouble: () => {} };
    const heldPath = held.at("banger.sock");
    const served = await serve({ ...services, daemon }, { socketPath, heldPath, uid, system, onWork: () => undefined });
    expect(lstatSync(join(moved, "banger.sock")).isSocket()).toBe(true);
    await served[Symbol.asyncDispose]();
    expect(readdirSync(moved)).toEqual([]);
    expect(readFileSync(join(outside, "banger.sock"), "utf8")).toBe("theirs");
    // Nor is a link taken for the folder.
    expect(() => holdPrivateFolder(system.files, run, uid)).toThrow("somebody changed it meanwhile");
  });
});

/** What another process reads from the socket after `connected`. */
function getAs(uid: string, socketPath: string): Promise<string> {
  const script = `
use IO::Socket::UNIX; $SIG{PIPE} = "IGNORE"; $| = 1;
my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "connect: $!"; print "connected ";
$s->print("GET /v1/version HTTP/1.1\\r\\nhost: b\\r\\nconnection: close\\r\\n\\r\\n"); $s->flush;
while (defined(my $line = <$s>)) { print $line }`;
  // Not the synchronous kind: the server runs in this very process.
  const child = spawn("setpriv", ["--reuid", uid, "--clear-groups", "perl", "-e", script, socketPath], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return text(child.stdout);
}

async function connectExec(socketPath: string, vm: string, isQuick = false) {
  const socket = net.connect({ path: socketPath, allowHalfOpen: true });
  world.defer(() => void socket.destroy());
  socket.write(
    `POST /v1/vms/${vm}/exec HTTP/1.1\r\nhost: b\r\nbanger-version: 1.0.0\r\nconnection: Upgrade\r\nupgrade: banger-exec\r\ncontent-length: 0\r\n\r\n`,
  );
  if (isQuick) return { socket, head: "", rest: "" };
  let answer = "";
  for (;;) {
    const chunk = (await new Promise<Buffer>((resolve) => socket.once("data", resolve))).toString("latin1");
    answer += chunk;
    const [head = "", rest] = answer.split("\r\n\r\n");
    if (rest !== undefined) return { socket: socket.pause(), head, rest };
  }
}
