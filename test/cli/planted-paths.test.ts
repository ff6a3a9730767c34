/**
 * What others, or an accident, have put where the daemon's socket is to be: the daemon refuses, says why, and leaves it as it was; and
 * the client believes nobody who listens there.
 */
import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { runAsRoot } from "../support/as-root.ts";
import { isFull, makeChance, SEED } from "../support/seeded.ts";
import { untilEnded } from "../support/until-ended.ts";

setDefaultTimeout(60_000);
const PROGRAM = [process.execPath, join(import.meta.dir, "fake-banger.ts")];
const ANOTHER_UID = 1234;

let undo = new AsyncDisposableStack();
afterEach(async () => {
  await undo.disposeAsync();
  undo = new AsyncDisposableStack();
});

interface Place {
  /** Everything of the test is below it. */
  readonly top: string;
  /** The folder above the run folder: `XDG_RUNTIME_DIR`. */
  readonly above: string;
  /** The run folder. */
  readonly run: string;
  readonly socket: string;
}

function openPlace(): Place {
  const top = mkdtempSync("/tmp/bp-");
  undo.defer(() => runAsRoot(["rm", "-rf", top]));
  const above = join(top, "runtime");
  const run = join(above, "banger");
  mkdirSync(run, { recursive: true, mode: 0o700 });
  return { top, above, run, socket: join(run, "banger.sock") };
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function banger({ top, above }: Place, argv: readonly string[]): Promise<Ended> {
  const [program = "", ...words] = [...PROGRAM, ...argv];
  const environment = { PATH: process.env["PATH"] ?? "", HOME: top, XDG_RUNTIME_DIR: above, NO_COLOR: "1" };
  const child = spawn(program, words, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number>((resolve) => child.once("close", (ended) => resolve(ended ?? 255))),
  ]);
  return { code, stdout, stderr };
}

/** Everything below a path as words: kind, mode, owner, number, content. */
function describe(path: string): readonly string[] {
  const info = lstatSync(path, { throwIfNoEntry: false });
  if (info === undefined) return [`${path} is not there`];
  const facts = `${path} ${info.mode.toString(8)} ${info.uid} ${info.ino} ${info.nlink}`;
  if (info.isSymbolicLink()) return [`${facts} -> ${readlinkSync(path)}`];
  try {
    if (info.isFile()) return [`${facts} ${info.size} ${readFileSync(path, "latin1")}`];
    const names = info.isDirectory() ? readdirSync(path).toSorted() : [];
    return [facts, ...names.flatMap((name) => describe(join(path, name)))];
  } catch (error) {
    // Another user's, and we are not root.
    if ((error as NodeJS.ErrnoException).code === "EACCES") return [facts];
    throw error;
  }
}

/** A socket on which somebody listens, who would answer. */
async function listen(path: string): Promise<() => number> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{"vms":[]}');
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  undo.defer(() => void server.close());
  return () => connections;
}

const canaryOf = ({ top }: Place): string => {
  const path = join(top, "canary");
  writeFileSync(path, "canary");
  return path;
};
/** In place of the run folder. */
const instead = (plant: (place: Place) => void) => (place: Place) => {
  rmSync(place.run, { recursive: true });
  plant(place);
};

const AT_THE_SOCKET: readonly (readonly [string, (place: Place) => unknown])[] = [
  ["a file", ({ socket }) => writeFileSync(socket, "mine")],
  ["an empty file", ({ socket }) => writeFileSync(socket, "")],
  ["a file that cannot be written to", ({ socket }) => writeFileSync(socket, "mine", { mode: 0o400 })],
  ["a second name of a file", (place) => linkSync(canaryOf(place), place.socket)],
  ["a folder", ({ socket }) => mkdirSync(socket)],
  ["a folder that is not empty", ({ socket }) => mkdirSync(join(socket, "a/b"), { recursive: true })],
  ["a FIFO", ({ socket }) => execFileSync("mkfifo", [socket])],
  ["a link to a file", (place) => symlinkSync(canaryOf(place), place.socket)],
  ["a link to a folder", ({ top, socket }) => symlinkSync(top, socket)],
  ["a link to nothing", ({ top, socket }) => symlinkSync(join(top, "nothing"), socket)],
  ["a link to itself", ({ socket }) => symlinkSync(socket, socket)],
  ["a link to a socket", async ({ top, socket }) => (await listen(join(top, "other")), symlinkSync(join(top, "other"), socket))],
  ["a file of another user", ({ socket }) => (writeFileSync(socket, "theirs"), runAsRoot(["chown", `${ANOTHER_UID}`, socket]))],
  ["a folder of another user", ({ socket }) => (mkdirSync(socket), runAsRoot(["chown", `${ANOTHER_UID}`, socket]))],
  ["a FIFO of another user", ({ socket }) => (execFileSync("mkfifo", [socket]), runAsRoot(["chown", `${ANOTHER_UID}`, socket]))],
];

const FOR_THE_FOLDER: readonly (readonly [string, (place: Place) => unknown])[] = [
  ...[0o755, 0o750, 0o711, 0o770, 0o777, 0o1777, 0o2770].map(
    (mode) => [`a run folder of mode ${mode.toString(8)}`, ({ run }: Place) => chmodSync(run, mode)] as const,
  ),
  ["a run folder of another user", ({ run }) => runAsRoot(["chown", `${ANOTHER_UID}`, run])],
  ["a run folder that is a file", instead(({ run }) => writeFileSync(run, "mine"))],
  ["a run folder that is a FIFO", instead(({ run }) => execFileSync("mkfifo", [run]))],
  [
    "a run folder that is a link to a folder of ours",
    instead(({ top, run }) => (mkdirSync(join(top, "ours"), { mode: 0o700 }), symlinkSync(join(top, "ours"), run))),
  ],
  ["a run folder that is a link to nothing", instead(({ top, run }) => symlinkSync(join(top, "nothing"), run))],
  ["a run folder that is a link to itself", instead(({ run }) => symlinkSync(run, run))],
  ["a folder above that everybody may write to", ({ above }) => chmodSync(above, 0o777)],
  ["a folder above that everybody may write to, and no run folder yet", instead(({ above }) => chmodSync(above, 0o777))],
  ["a folder above of another user", ({ above }) => runAsRoot(["chown", `${ANOTHER_UID}`, above])],
  [
    "a folder above, a link of another user",
    ({ top, above }) => {
      renameSync(above, join(top, "elsewhere"));
      symlinkSync(join(top, "elsewhere"), above);
      runAsRoot(["chown", "-h", `${ANOTHER_UID}`, above]);
    },
  ],
  ["a folder far above that everybody may write to", ({ top }) => chmodSync(top, 0o777)],
];

test.each([...AT_THE_SOCKET, ...FOR_THE_FOLDER])("%s is refused and left alone", async (_name, plant) => {
  const place = openPlace();
  await plant(place);
  const before = describe(place.above);
  const ran = await banger(place, ["ps"]);
  expect(ran).toMatchObject({ code: 1, stdout: "" });
  expect(ran.stderr).toMatch(/^error: cannot use the (folder|socket) \/tmp\/bp-.*: .*\ntry: .*\n$/);
  // The daemon does not rely on who starts it.
  const daemon = await banger(place, ["daemon", "run"]);
  expect(daemon).toMatchObject({ code: 1, stdout: "" });
  expect(daemon.stderr).toMatch(/\nerror: cannot (use the folder|listen on) \/tmp\/bp-.*: .*\ntry: .*\n$/);
  expect(describe(place.above)).toEqual(before);
});

test("a socket of another user is neither removed nor believed", async () => {
  const place = openPlace();
  const connections = await listen(place.socket);
  runAsRoot(["chown", `${ANOTHER_UID}`, place.socket]);
  const before = describe(place.socket);
  // By itself the folder is ours alone, so that nobody but root or us can have put it there; the daemon asks all the same.
  const ran = await banger(place, ["daemon", "run"]);
  expect(ran.stderr).toMatch(/there is a socket of uid \d+ in its place/);
  expect(describe(place.socket)).toEqual(before);
  expect(connections()).toBe(0);
});

test("a folder above with the sticky bit, and a socket that a dead daemon left, are in nobody's way", async () => {
  const place = openPlace();
  chmodSync(place.above, 0o1777);
  // Bound, and its process gone.
  execFileSync("perl", ["-e", "use IO::Socket::UNIX; IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die $!", place.socket]);
  expect(await banger(place, ["ps", "--json"])).toMatchObject({ code: 0, stdout: '{"vms":[]}\n' });
  expect(lstatSync(place.socket).mode & 0o077).toBe(0);
  expect((await banger(place, ["daemon", "stop"])).code).toBe(0);
});

const ROUNDS = isFull ? 100 : 5;
test(`what changes while the daemon starts harms nothing that it points to (${ROUNDS} rounds, seed ${SEED})`, async () => {
  console.log(`BANGER_TEST_SEED=${SEED}`);
  const chance = makeChance();
  const place = openPlace();
  const canary = canaryOf(place);
  const outside = join(place.top, "outside");
  mkdirSync(outside, { mode: 0o700 });
  const before = [...describe(canary), ...describe(outside)];
  for (let round = 0; round < ROUNDS; round += 1) {
    // In one process, which leaves nothing running when it is killed.
    const deed = chance.pick([
      `symlink $canary, $socket; unlink $socket`,
      `symlink $outside, $socket; unlink $socket`,
      `chmod 0777, $run; chmod 0700, $run`,
      `rename $run, "$run.x"; symlink $outside, $run; unlink $run; rename "$run.x", $run`,
    ]);
    const script = `my ($canary, $socket, $outside, $run) = @ARGV; while (1) { ${deed} }`;
    const changer = spawn("perl", ["-e", script, canary, place.socket, outside, place.run], { stdio: "ignore" });
    const gone = new Promise((resolve) => changer.once("close", resolve));
    try {
      const ran = await banger(place, ["ps", "--json"]);
      expect({ round, code: ran.code, stderr: ran.stderr }).toMatchObject({
        code: expect.any(Number),
        stderr: expect.not.stringContaining("Segmentation"),
      });
    } finally {
      changer.kill("SIGKILL");
      await gone;
    }
    if (lstatSync(`${place.run}.x`, { throwIfNoEntry: false }) !== undefined) {
      rmSync(place.run, { recursive: true, force: true });
      renameSync(`${place.run}.x`, place.run);
    }
    chmodSync(place.run, 0o700);
    if (lstatSync(place.socket, { throwIfNoEntry: false })?.isSymbolicLink() === true) rmSync(place.socket);
    await endDaemon(place);
    // The lock, the log and the database are the daemon's; nothing of it lies where the links led.
    expect([...describe(canary), ...describe(outside)]).toEqual(before);
  }
});

/** By its pid: its socket may have been swept away from below it. */
async function endDaemon({ top }: Place): Promise<void> {
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      if (!readFileSync(`/proc/${name}/environ`, "latin1").includes(`HOME=${top}\0`)) continue;
      process.kill(Number(name), "SIGKILL");
      await untilEnded(Number(name));
    } catch {
      continue; // gone meanwhile
    }
  }
}
