/**
 * The daemon's socket, asked by somebody who means ill: requests that are none, that never end, that lie. Whatever is a whole request
 * gets a well-formed answer, the daemon stays the same process, and its memory stays bounded. Requests are made from the contract,
 * so that a new verb is asked as well.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import net from "node:net";
import { join } from "node:path";
import { errorShape } from "../../src/contract/events.ts";
import { OPERATIONS, type OperationName } from "../../src/contract/operation-table.ts";
import { EXEC_PROTOCOL, VERSION, VERSION_HEADER } from "../../src/contract/version.ts";
import { isFull, makeChance, memoryOf, SEED, type Chance } from "../support/seeded.ts";
import { openHome, type Home } from "./home.ts";

const REQUESTS = isFull ? 50_000 : 3000;
const AT_ONCE = 8;
const GROWTH_BYTES = 128 * 2 ** 20;
const ANSWER_MS = 20_000;
setDefaultTimeout(60_000 + REQUESTS * 20);

/** All but the one that ends the daemon as it should. */
const NAMES = (Object.keys(OPERATIONS) as OperationName[]).filter((name) => name !== "daemon.stop");

let home: Home;
let pid: number;
let socketPath: string;

beforeAll(async () => {
  home = openHome();
  await home.banger(["vm", "create", "dev"]);
  socketPath = join(home.path, "run/banger.sock");
  pid = (JSON.parse((await home.banger(["daemon", "status", "--json"])).stdout) as { pid: number }).pid;
});
afterAll(() => home[Symbol.asyncDispose]());

interface Heard {
  readonly bytes: Buffer;
  /** Whether the daemon ended its side before we did away with the connection. */
  readonly ended: boolean;
}

/** Sends on a connection of its own, ends our side, and reads to the end. */
async function send(parts: readonly Uint8Array[], { end = true, waitMs = ANSWER_MS } = {}): Promise<Heard> {
  const socket = net.connect({ path: socketPath, allowHalfOpen: true });
  const heard: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), waitMs);
  socket.on("data", (bytes: Buffer) => heard.push(bytes));
  // A daemon that has heard enough may cut the connection off.
  socket
    .on("error", () => resolve(true))
    .on("end", () => resolve(true))
    .on("close", () => resolve(true));
  for (const part of parts) socket.write(part);
  if (end) socket.end();
  const ended = await promise;
  clearTimeout(timer);
  socket.destroy();
  return { bytes: Buffer.concat(heard), ended };
}

/** The status of the first answer, whose body, if it is a refusal, is an error document to the byte. */
function checkAnswer(bytes: Buffer): number | undefined {
  const text = bytes.toString("latin1").replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, "");
  if (text === "") return undefined;
  const head = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[!-9;-~]+:[^\r\n]*\r\n)*)\r\n/.exec(text);
  if (head === null) throw new Error(`this is no answer: ${JSON.stringify(text.slice(0, 200))}`);
  const status = Number(head[1]);
  const length = /^content-length: (\d+)\r$/im.exec(head[2] ?? "")?.[1];
  if (status >= 400) {
    const body = Buffer.from(text.slice(head[0].length), "latin1").subarray(0, Number(length));
    if (body.length > 0) expect(errorShape.parse(JSON.parse(body.toString("utf8"))).kind).not.toBe("bug");
  }
  return status;
}

const VALUES: readonly unknown[] = [
  "dev",
  "x",
  "",
  "../..",
  "\u0000",
  "\ud800",
  "a".repeat(70_000),
  0,
  -1,
  1e300,
  true,
  null,
  [],
  {},
  [[[[]]]],
  { a: {} },
  "512M",
  "debian-bookworm",
  "broken",
];

/** A body, of fields that there are and fields that there are not, sometimes of the right sort. */
function bodyFor(name: OperationName, chance: Chance): string {
  const fields = [...Object.keys(OPERATIONS[name].input.shape), "__proto__", "constructor", "surprise", "\u001b[2J"];
  const pairs = Array.from(
    { length: chance.below(6) },
    () => `${JSON.stringify(chance.pick(fields))}:${JSON.stringify(chance.pick(VALUES))}`,
  );
  const whole = `{${pairs.join(",")}}`;
  const deep = 10 ** (1 + chance.below(5));
  return chance.pick([
    whole,
    whole,
    whole,
    whole.slice(0, -1),
    `[${whole}]`,
    `${whole}${whole}`,
    `\ufeff${whole}`,
    `{"env":${"[".repeat(deep)}${"]".repeat(deep)}}`,
    "[".repeat(deep),
  ]);
}

interface Made {
  readonly bytes: Buffer;
  /** Whether it is all of a request of HTTP/1.1, which has to be answered. */
  readonly whole: boolean;
}

function makeRequest(chance: Chance): Made {
  const name = chance.pick(NAMES);
  const { method, path } = OPERATIONS[name];
  const filled = path.replaceAll(/:\w+/g, () =>
    encodeURIComponent(chance.pick(["dev", "nobody", "..", "%", "a/b", "x".repeat(300), "00c0ffee00c0ffee"])),
  );
  const query = chance.pick([
    "",
    "",
    "",
    "?force=true&force=true",
    "?from=-1",
    "?bytes=1e9",
    "?a=%ff",
    "?__proto__=1",
    "?=?&&=",
    `?${"q".repeat(3000)}`,
  ]);
  const body = Buffer.from(bodyFor(name, chance));
  const raw = chance.below(6) === 0 ? Buffer.concat([body, chance.bytes(3)]) : body;
  const head = [
    `${chance.pick([method, method, method, method, "GET", "POST", "DELETE", "PATCH", "OPTIONS"])} ${filled}${query} HTTP/1.1`,
    "host: banger",
    `${VERSION_HEADER}: ${chance.pick([VERSION, VERSION, VERSION, VERSION, "9.9.9", ""])}`,
    "connection: close",
    ...chance.pick([[], [], [], ["accept: application/x-ndjson"], ["x: y", "x: z"], [`x: ${"y".repeat(2000)}`]]),
    `content-length: ${raw.length}`,
  ];
  const request = Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), raw]);
  if (chance.below(2) === 0) return { bytes: request, whole: true };
  // Wrong in the bytes: nobody can say what it still is.
  const broken = Buffer.from(request);
  for (let turn = chance.below(8); turn >= 0; turn -= 1) broken[chance.below(Math.min(broken.length, 400))] = chance.below(256);
  return { bytes: broken.subarray(0, chance.below(4) === 0 ? chance.below(broken.length) : broken.length), whole: false };
}

async function expectDaemonWell(before: number): Promise<void> {
  const status = JSON.parse((await home.banger(["daemon", "status", "--json"])).stdout) as { pid: number };
  expect(status.pid).toBe(pid);
  expect((await memoryOf(pid)) - before).toBeLessThan(GROWTH_BYTES);
}

test(`${REQUESTS} requests that mean ill are answered or cut off (seed ${SEED})`, async () => {
  console.log(`BANGER_TEST_SEED=${SEED}`);
  const chance = makeChance();
  const before = await memoryOf(pid);
  const statuses = new Map<number | undefined, number>();
  for (let sent = 0; sent < REQUESTS; sent += AT_ONCE) {
    const made = Array.from({ length: AT_ONCE }, () => makeRequest(chance));
    for (const [at, heard] of (await Promise.all(made.map(({ bytes }) => send([bytes])))).entries()) {
      const { bytes, whole } = made[at] as Made;
      const what = { sent, at, request: bytes.subarray(0, 300).toString("latin1") };
      let status: number | undefined;
      try {
        status = checkAnswer(heard.bytes);
      } catch (error) {
        throw new Error(`wrongly answered: ${JSON.stringify(what)}`, { cause: error });
      }
      expect({ ...what, ended: heard.ended, answered: whole ? status !== undefined : true }).toEqual({
        ...what,
        ended: true,
        answered: true,
      });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  }
  // It was no use to send what is all refused for the same reason.
  for (const status of [200, 400, 404]) expect(statuses.get(status) ?? 0).toBeGreaterThan(0);
  await expectDaemonWell(before);
});

const lines = (...all: readonly string[]): Buffer => Buffer.from(`${all.join("\r\n")}\r\n\r\n`, "latin1");
const version = `${VERSION_HEADER}: ${VERSION}`;

test.each<readonly [string, Buffer, number]>([
  ["bytes", Buffer.from("\u0000\u0001\u0002 bytes\r\n\r\n"), 400],
  ["a version of HTTP that is none", lines("GET /v1/vms HTTP/9.9", "host: b"), 400],
  ["a header that is none", lines("GET /v1/vms HTTP/1.1", "host: b", "none"), 400],
  ["a control character in a header", lines("GET /v1/vms HTTP/1.1", "host: b", "x: a\u0001b"), 400],
  ["too many headers", lines("GET /v1/vms HTTP/1.1", ...Array.from({ length: 5000 }, (_, at) => `x${at}: 1`)), 431],
  ["two lengths", lines("POST /v1/vms HTTP/1.1", "host: b", "content-length: 1", "content-length: 2"), 400],
  ["a length and chunks", lines("POST /v1/vms HTTP/1.1", "host: b", "content-length: 1", "transfer-encoding: chunked"), 400],
  ["a negative length", lines("POST /v1/vms HTTP/1.1", "host: b", "content-length: -1"), 400],
  [
    "a body that ends early",
    Buffer.concat([lines("POST /v1/vms HTTP/1.1", "host: b", version, "content-length: 100"), Buffer.from("{}")]),
    400,
  ],
  [
    "a body that is not UTF-8",
    Buffer.concat([
      lines("POST /v1/vms HTTP/1.1", "host: b", version, "content-length: 11"),
      Buffer.from('{"name":"'),
      Buffer.of(0xff),
      Buffer.from("}"),
    ]),
    400,
  ],
  [
    "a body that is too large",
    Buffer.concat([
      lines("POST /v1/vms HTTP/1.1", "host: b", version, "connection: close", "content-length: 2000000"),
      Buffer.alloc(2_000_000, " "),
    ]),
    400,
  ],
  ["an expectation", lines("POST /v1/vms HTTP/1.1", "host: b", version, "expect: magic", "connection: close", "content-length: 0"), 400],
  ["CONNECT", lines("CONNECT b:1 HTTP/1.1", "host: b", version), 404],
  ["an upgrade to nothing of ours", lines("GET /v1/vms HTTP/1.1", "host: b", version, "connection: upgrade", "upgrade: h2c"), 400],
  [
    "an upgrade of a verb that is none",
    lines("POST /v1/none HTTP/1.1", "host: b", version, "connection: upgrade", `upgrade: ${EXEC_PROTOCOL}`),
    404,
  ],
  [
    "an exec in no vm",
    lines("POST /v1/vms/nobody/exec HTTP/1.1", "host: b", version, "connection: upgrade", `upgrade: ${EXEC_PROTOCOL}`),
    404,
  ],
])("%s is refused with an error document", async (_name, bytes, status) => {
  expect(checkAnswer((await send([bytes])).bytes)).toBe(status);
});

test("frames that are none end their own stream, without a word that is none of the stream's", async () => {
  // Others have been stopped and deleted here.
  await home.banger(["vm", "create", "framed"]);
  const upgrade = lines("POST /v1/vms/framed/exec HTTP/1.1", "host: b", version, "connection: upgrade", `upgrade: ${EXEC_PROTOCOL}`);
  const { bytes, ended } = await send([upgrade, Buffer.alloc(5000, 0xee)], { end: false });
  expect({ ended, after: bytes.toString("latin1").split("\r\n\r\n").slice(1) }).toEqual({ ended: true, after: [""] });
});

test("hundreds of requests that never end keep nobody waiting, and too many are turned away", async () => {
  const before = await memoryOf(pid);
  const slow = await Promise.all(
    Array.from({ length: 400 }, async () => {
      const socket = net.connect(socketPath);
      socket.on("error", () => undefined);
      await new Promise((resolve) => socket.once("connect", resolve));
      socket.write(`POST /v1/vms HTTP/1.1\r\nhost: b\r\ncontent-length: 1000000\r\nx: ${"y".repeat(8000)}\r\n`);
      return socket;
    }),
  );
  const drip = setInterval(() => slow.forEach((socket) => socket.write("a: b\r\n")), 50);
  try {
    const heard = await send([lines("GET /v1/vms HTTP/1.1", "host: b", version, "connection: close")]);
    expect(checkAnswer(heard.bytes)).toBe(200);
    const more = await Promise.all(
      Array.from({ length: 900 }, () => send([lines("GET /v1/version HTTP/1.1", "host: b")], { end: false, waitMs: 3000 })),
    );
    expect(more.some(({ bytes }) => bytes.length === 0)).toBe(true);
  } finally {
    clearInterval(drip);
    for (const socket of slow) socket.destroy();
  }
  await expectDaemonWell(before);
});
