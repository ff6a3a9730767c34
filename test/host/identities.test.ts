/**
 * Who may talk to the daemon: every route by every identity, through real processes with real uids. Routes come from the contract, so
 * that a new one is asked as well. As somebody who is not root the test has its uids from `/etc/subuid`.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, readFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { OPERATIONS } from "../../src/contract/operation-table.ts";
import type { Operation } from "../../src/contract/operation.ts";
import { VERSION, VERSION_HEADER } from "../../src/contract/version.ts";
import { buildRequest } from "../../src/sdk/build-request.ts";
import { asRoot, asUser, runAsRoot } from "../support/as-root.ts";
import { openGoods } from "../support/goods.ts";
import { BANGER, withWorld } from "../support/world.ts";

setDefaultTimeout(60_000);
const OWNER = 12_345;
const STRANGER = 12_346;
const ASK = readFileSync(join(import.meta.dir, "ask-routes.pl"), "utf8");

/** One request for each route, of the right form and with a field too many: who is answered is refused, and nothing happens. */
const REQUESTS = Object.values(OPERATIONS).map((operation) => {
  const inPath = Object.fromEntries([...operation.path.matchAll(/:(\w+)/g)].map(([, field = ""]) => [field, "nobody"]));
  const { method, path, body } = buildRequest(operation, { ...inPath, surprise: 1 });
  const upgrade = operation.kind === "stream" ? ["connection: upgrade", `upgrade: ${protocolOf(operation)}`] : ["connection: close"];
  const length = operation.kind === "stream" || body === undefined ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  const head = [`${method} ${path} HTTP/1.1`, "host: b", `${VERSION_HEADER}: ${VERSION}`, ...upgrade, ...length];
  return `${head.join("\r\n")}\r\n\r\n${operation.kind === "stream" ? "" : (body ?? "")}`;
});

function protocolOf({ protocol }: Pick<Operation, "protocol">): string {
  return protocol ?? "none";
}

interface Daemon {
  readonly folder: string;
  readonly socket: string;
  readonly requests: string;
  readonly process: ChildProcess;
}

/** A daemon of this user's, with a home of its own, in the foreground. */
async function openDaemon(uid: number): Promise<Daemon> {
  const folder = mkdtempSync("/tmp/bi-");
  const program = join(folder, "banger");
  copyFileSync(BANGER, program);
  const requests = join(folder, "requests");
  writeFileSync(requests, REQUESTS.join("\0"));
  runAsRoot(["chmod", "755", folder, program]);
  runAsRoot(["mkdir", "-m", "700", join(folder, "home"), join(folder, "home/config")]);
  writeFileSync(join(folder, "config.toml"), '[drivers]\norder = ["fake"]\n');
  runAsRoot(["cp", join(folder, "config.toml"), join(folder, "home/config/config.toml")]);
  runAsRoot(["chown", "-R", `${uid}:${uid}`, join(folder, "home")]);
  runAsRoot(["chown", `${uid}:${uid}`, folder]);
  const [words, ...argv] = asUser(uid, ["env", `BANGER_HOME=${join(folder, "home")}`, `HOME=${folder}`, program, "daemon", "run"]);
  const child = spawn(words ?? "", argv, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (bytes: Buffer) => {
      log += bytes.toString();
      if (log.includes("the daemon listens")) resolve();
    });
    child.once("close", () => reject(new Error(`the daemon ended: ${log}`)));
  });
  return { folder, socket: join(folder, "home/run/banger.sock"), requests, process: child };
}

async function closeDaemon({ folder, process: child }: Daemon): Promise<void> {
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  await closed;
  runAsRoot(["rm", "-rf", folder]);
}

type Place = Pick<Daemon, "socket" | "requests">;

/** What each route answers to a process that is started by these words. */
async function ask({ socket, requests }: Place, prefix: (argv: readonly string[]) => readonly string[]): Promise<readonly string[]> {
  const [program = "", ...words] = prefix(["perl", "-e", ASK, socket, requests]);
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
  return (await text(child.stdout)).trimEnd().split("\n");
}

/** Root in a user namespace, mapped to the user who makes it. */
const inNamespace = (uid: number) => (argv: readonly string[]) => asUser(uid, ["unshare", "--user", "--map-root-user", "--", ...argv]);

/** Who is the owner for the kernel, and who is not. */
const OWNERS: readonly (readonly [string, (argv: readonly string[]) => readonly string[]])[] = [
  ["the owner", (argv) => asUser(OWNER, argv)],
  ["the owner as root in a user namespace", inNamespace(OWNER)],
];
const OTHERS: readonly (readonly [string, (argv: readonly string[]) => readonly string[], found: RegExp])[] = [
  ["another user", (argv) => asUser(STRANGER, argv), /^no way Permission denied$/],
  ["another user in the owner's group", (argv) => asUser(STRANGER, argv, [OWNER]), /^no way Permission denied$/],
  ["another user as root in a user namespace", inNamespace(STRANGER), /^no way Permission denied$/],
  // Root may enter every folder, and is not the owner all the same.
  ["root", (argv) => asRoot(argv), /^cut off$/],
  ["root in the owner's group", (argv) => asRoot(["setpriv", `--groups=${OWNER}`, ...argv]), /^cut off$/],
];

/** A stream that is not asked for with GET takes no input but its path, and there is no such vm. */
const ANSWERS = Object.values(OPERATIONS).map(({ kind, method }) => `answered ${kind === "stream" && method !== "GET" ? 404 : 400}`);
const all = (line: string): readonly string[] => REQUESTS.map(() => line);

describe("of a user's daemon", () => {
  let daemon: Daemon;
  beforeAll(async () => {
    daemon = await openDaemon(OWNER);
  });
  afterAll(() => closeDaemon(daemon));

  test(`the contract has routes (${REQUESTS.length} of them)`, () => expect(REQUESTS.length).toBeGreaterThan(20));

  test.each(OWNERS)("every route answers %s", async (_who, prefix) => {
    expect(await ask(daemon, prefix)).toEqual(ANSWERS);
  });

  test.each(OTHERS)("no route answers %s", async (_who, prefix, found) => {
    const heard = await ask(daemon, prefix);
    expect(heard).toHaveLength(REQUESTS.length);
    for (const line of heard) expect(line).toMatch(found);
  });

  // The folder is one wall; the kernel's word on who is there is another, and holds alone.
  test.each(OTHERS)("no route answers %s, even with folder and socket open to all", async (_who, prefix) => {
    runAsRoot(["chmod", "755", join(daemon.folder, "home"), join(daemon.folder, "home/run")]);
    runAsRoot(["chmod", "777", daemon.socket]);
    try {
      expect(await ask(daemon, prefix)).toEqual(all("cut off"));
    } finally {
      runAsRoot(["chmod", "700", daemon.socket, join(daemon.folder, "home"), join(daemon.folder, "home/run")]);
    }
  });
});

test("no route answers a process of a guest that is not the owner's, and a guest of the fake driver is as far as one gets", async () => {
  const { kernel } = await openGoods();
  await withWorld({ config: '[drivers]\norder = ["fake"]\n', prefix: asRoot([]) }, async (world) => {
    const place = { socket: join(world.folder, "run/banger/banger.sock"), requests: join(world.folder, "requests") };
    writeFileSync(place.requests, REQUESTS.join("\0"));
    await world.ok(["vm", "create", "dev", "--kernel", kernel]);
    const inGuest = async (user: string): Promise<readonly string[]> =>
      (await world.ok(["exec", "dev", "--user", user, "--", "perl", "-e", ASK, place.socket, place.requests])).trimEnd().split("\n");
    // The fake driver isolates nothing, and says so: root of its guest is the owner.
    expect(await inGuest("root")).toEqual(ANSWERS);
    const folders = [world.folder, join(world.folder, "run"), join(world.folder, "run/banger")];
    runAsRoot(["chmod", "755", ...folders]);
    runAsRoot(["chmod", "777", place.socket]);
    const heard = await inGuest("nobody");
    runAsRoot(["chmod", "700", ...folders]);
    expect(heard).toEqual(all("cut off"));
    // Where its folder is closed, it does not even get there.
    expect((await world.ok(["exec", "dev", "--user", "nobody", "--", "sh", "-c", `ls ${place.socket} 2>&1; :`])).trim()).toContain(
      "Permission denied",
    );
  });
});
