/**
 * Consoles of the fake driver, whose guests are processes: what is written into a vm's `console.out` is what the guest says on its
 * serial port. Daemon, keeper, log and command line are the real ones.
 *
 * BANGER_TEST_FULL: the guest that never stops writing writes 10 GiB.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, openSync, read, readFileSync, rmSync, statSync, write } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { openClient } from "../../src/sdk/sdk.ts";
import { openGoods, type Goods } from "../support/goods.ts";
import { isFull } from "../support/seeded.ts";
import { AROUND, modes, openTerminal } from "../support/terminal.ts";
import { until } from "../support/until.ts";
import { hasEnded, untilEnded } from "../support/until-ended.ts";
import { BANGER, closeWorld, openWorld, processesOf, type World } from "../support/world.ts";

setDefaultTimeout(180_000);

const MIB = 2 ** 20;
const CAP = MIB;
const FLOOD_BYTES = (isFull ? 10 * 1024 : 100) * MIB;
/** `banger-agent: serving`, which each start of a fake guest says. */
const SERVING = "banger-agent: serving\n";
const POWER_OFF = "banger-agent: power off\n";

let world: World;
let goods: Goods;

beforeAll(async () => {
  goods = await openGoods();
  world = await openWorld({ config: '[drivers]\norder = ["fake"]\n[logs]\nconsole = "1M"\n' });
});
afterAll(async () => closeWorld(world));

interface Guest extends AsyncDisposable {
  readonly name: string;
  readonly id: string;
  readonly logPath: string;
  /** Says something on the serial port; waits while its pipe is full. */
  say(text: string | Uint8Array): Promise<void>;
  /** Lets go of the serial port. */
  hush(): void;
  /** The pipe from which the guest reads what is typed. */
  readonly inputPath: string;
}

async function openGuest(name: string): Promise<Guest> {
  await world.ok(["vm", "create", name, "--kernel", goods.kernel]);
  const { id } = await world.json<{ id: string }>(["vm", "show", name]);
  const runFolder = join(world.folder, "run/banger/v", id);
  const output = openSync(join(runFolder, "console.out"), "r+");
  let isOpen = true;
  const hush = (): void => {
    if (isOpen) closeSync(output);
    isOpen = false;
  };
  return {
    name,
    id,
    logPath: join(world.folder, "state/banger/vms", id, "console.log"),
    inputPath: join(runFolder, "console.in"),
    say: async (text) => {
      let bytes = Buffer.from(text);
      while (bytes.length > 0) bytes = bytes.subarray((await promisify(write)(output, bytes)).bytesWritten);
    },
    hush,
    [Symbol.asyncDispose]: async () => {
      hush();
      await world.banger(["vm", "delete", "--force", name]);
    },
  };
}

const keeperOf = ({ id }: Guest): number | undefined =>
  processesOf(world.folder).find(({ words }) => words[1] === "keep-console" && words.join(" ").includes(`/v/${id}/`))?.pid;

async function kill(pid: number | undefined): Promise<void> {
  if (pid === undefined) throw new Error("there is nothing to kill");
  process.kill(pid, "SIGKILL");
  await untilEnded(pid);
}

/** Lines of ten bytes, so that each tells its offset. */
const lines = (from: number, count: number): string =>
  Array.from({ length: count }, (_, index) => `${String(from + index).padStart(9, "0")}\n`).join("");

const rssOf = (pid: number): number => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;

describe("a followed log", () => {
  test("has every byte once while daemon and keeper are killed, and ends with the vm", async () => {
    await using guest = await openGuest("follow");
    const text = world.banger(["logs", "-f", guest.name, "--from", "0"]);
    const json = world.banger(["vm", "follow", guest.name, "--from", "0", "--json"]);
    const [rounds, each] = [16, 5000];
    for (let round = 0; round < rounds; round += 1) {
      await guest.say(lines(round * each, each));
      if (round % 4 === 1) await kill(world.daemonPid());
      if (round % 4 === 3) {
        await kill(keeperOf(guest));
        // What was in the pipe waits there for the next one; only a daemon starts it.
        await world.ok(["ps"]);
        await until("another keeper", () => keeperOf(guest) !== undefined);
      }
      await world.ok(["ps"]);
    }
    guest.hush();
    await world.ok(["vm", "stop", guest.name]);
    const expected = `${SERVING}${lines(0, rounds * each)}${POWER_OFF}`;
    const followed = await text;
    expect({ code: followed.code, isWhole: followed.stdout === expected }).toEqual({ code: 0, isWhole: true });
    expect(followed.stderr).toContain("vm follow is stopped: its log ends here");
    const parts = (await json).stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { text: string; offset: number; endOffset: number });
    expect(parts.pop() as unknown).toEqual({ ended: "stopped", name: guest.name });
    expect(parts.map((part) => part.text).join("") === expected).toBe(true);
    for (const [index, part] of parts.entries()) expect(part.offset).toBe(parts[index - 1]?.endOffset ?? 0);
  });

  test("is left with code 130 by Ctrl-C, and ends at once where nothing comes any more", async () => {
    await using guest = await openGuest("leave");
    const terminal = openTerminal('trap : INT; "$@" logs -f leave; echo "code $?"', [BANGER], world.environment);
    await terminal.until("serving");
    terminal.type("\x03");
    await terminal.until("code 130");
    guest.hush();
    await world.ok(["vm", "stop", guest.name]);
    expect((await world.banger(["logs", "-f", guest.name, "--tail", "1"])).stdout).toBe(POWER_OFF);
  });
});

describe("the log", () => {
  test("keeps below its cap whatever the guest writes, and costs the daemon nothing", async () => {
    await using guest = await openGuest("flood");
    const daemon = world.daemonPid() ?? 0;
    await world.ok(["logs", guest.name]);
    const before = rssOf(daemon);
    const [chunk, most] = [lines(0, 100_000), { disk: 0, rss: 0 }];
    const flood = async (bytes: number): Promise<void> => {
      for (let written = 0; written < bytes; written += chunk.length) {
        await guest.say(chunk);
        most.disk = Math.max(most.disk, statSync(guest.logPath).blocks * 512);
        most.rss = Math.max(most.rss, rssOf(daemon));
      }
    };
    await flood(FLOOD_BYTES);
    // And with somebody who reads along.
    const attached = openTerminal('"$@" console flood --no-input > /dev/null', [BANGER], world.environment);
    await attached.until("attached");
    await flood(100 * MIB);
    attached.type("\x1d");
    await attached.child.exited;
    expect(most.disk).toBeLessThan(CAP + MIB / 4);
    expect(statSync(`${guest.logPath}.times`).size).toBeLessThan(2 * MIB);
    expect(world.daemonPid()).toBe(daemon);
    expect((most.rss - before) / MIB).toBeLessThan(32);

    const part = await world.json<{ text: string; offset: number; endOffset: number; firstOffset: number }>([
      ...["logs", guest.name, "--from", "0", "--bytes", "64K"],
    ]);
    expect(part.firstOffset).toBeGreaterThan(FLOOD_BYTES - 2 * CAP);
    expect(part.offset).toBe(part.firstOffset);
    const at = (part.offset - SERVING.length) % chunk.length;
    expect(part.text === `${chunk}${chunk}`.slice(at, at + 65_536)).toBe(true);
  });

  test("is read by lines and by time", async () => {
    await using guest = await openGuest("times");
    await guest.say(lines(0, 100));
    await until("the first lines", () => readFileSync(guest.logPath, "utf8").endsWith(lines(99, 1)));
    expect(await world.ok(["logs", guest.name, "--tail", "2"])).toBe(lines(98, 2));
    expect(await world.ok(["logs", guest.name, "--tail", "0"])).toBe("");
    const moment = new Date(Date.now() + 2).toISOString();
    // Times are a second apart.
    await Bun.sleep(1100);
    await guest.say(lines(100, 100));
    await until("the last lines", () => readFileSync(guest.logPath, "utf8").endsWith(lines(199, 1)));
    // Exact here: the lines came in two heaps of more than the least that lies between two times.
    expect(await world.ok(["logs", guest.name, "--since", "1h"])).toBe(`${SERVING}${lines(0, 200)}`);
    const since = await world.ok(["logs", guest.name, "--since", moment]);
    expect(since).toEndWith(lines(100, 100));
    expect(since.length).toBeLessThan(1000 + 1000 + SERVING.length + 1);
    // The last lines since then: never more than came since.
    expect(await world.ok(["logs", guest.name, "--since", moment, "-n", "2"])).toBe(lines(198, 2));
    expect(await world.ok(["logs", guest.name, "--since", moment, "--tail", "1000"])).toBe(since);
    expect(await world.ok(["logs", guest.name, "--since", "1h", "--tail", "1", "--source", "agent"])).toBe(SERVING);
    const [tomorrow, yesterday] = [1, -1].map((days) => new Date(Date.now() + days * 86_400_000).toLocaleDateString("sv"));
    expect(await world.ok(["logs", guest.name, "--since", tomorrow ?? ""])).toBe("");
    expect(await world.ok(["logs", guest.name, "--since", yesterday ?? ""])).toBe(`${SERVING}${lines(0, 200)}`);
    expect(await world.banger(["logs", guest.name, "--since", "1h", "--source", "vmm"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--tail"),
    });
    expect(await world.ok(["logs", guest.name, "--source", "agent"])).toBe(SERVING);
  });
});

describe("the keeper", () => {
  test("ends with its VMM when no daemon is there, with everything in the log", async () => {
    await using guest = await openGuest("orphan");
    const keeper = keeperOf(guest) ?? 0;
    const { pid } = await world.json<{ pid: number }>(["vm", "show", guest.name]);
    await kill(world.daemonPid());
    await guest.say(lines(0, 3000));
    await kill(pid);
    expect(hasEnded(keeper)).toBe(false);
    // The test itself is the last that could still say something.
    guest.hush();
    await until("the end of the keeper", () => hasEnded(keeper));
    expect(readFileSync(guest.logPath, "utf8")).toBe(`${SERVING}${lines(0, 3000)}`);
  });

  test("is one, and is replaced when it dies", async () => {
    await using guest = await openGuest("replaced");
    const first = keeperOf(guest);
    await kill(first);
    await guest.say("said to nobody\n");
    await until("another keeper", () => keeperOf(guest) !== undefined);
    await until("the log", () => readFileSync(guest.logPath, "utf8").includes("said to nobody"));
    expect(processesOf(world.folder).filter(({ words }) => words[1] === "keep-console")).toHaveLength(1);
    expect(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${keeperOf(guest)}/status`, "utf8"))?.[1])).toBeLessThan(4096);
  });
});

describe("a console", () => {
  test("shows every byte once and takes what is typed, while daemon and keeper are killed", async () => {
    await using guest = await openGuest("attached");
    const input = openSync(guest.inputPath, "r+");
    const typed = async (): Promise<string> => {
      const { buffer, bytesRead } = await promisify(read)(input, Buffer.alloc(100), 0, 100, null);
      return buffer.toString("utf8", 0, bytesRead);
    };
    const terminal = openTerminal(AROUND('"$@" console attached --offset 0'), [BANGER], world.environment, { cols: 200, rows: 30 });
    await terminal.until("serving");
    terminal.type("first\r");
    expect(await typed()).toBe("first\r");
    await guest.say(lines(0, 500));
    await terminal.until(lines(499, 1).trim());
    await kill(world.daemonPid());
    await guest.say(lines(500, 500));
    await terminal.until(lines(999, 1).trim());
    await kill(keeperOf(guest));
    await guest.say(lines(1000, 500));
    await terminal.until(lines(1499, 1).trim());
    terminal.type("last\r");
    expect(await typed()).toBe("last\r");
    closeSync(input);
    terminal.type("\x1d");
    await terminal.until(/after [0-9a-f]/);
    expect(terminal.text.match(/^\d{9}/gm)?.join("\n") === lines(0, 1500).trimEnd()).toBe(true);
    expect(terminal.text).toContain("code 0");
    expect(modes(terminal.text, "after")).toBe(modes(terminal.text, "before"));
  });

  test("of a vm that stops while the daemon is away shows what it said last", async () => {
    await using guest = await openGuest("last");
    const { pid } = await world.json<{ pid: number }>(["vm", "show", guest.name]);
    const terminal = openTerminal('"$@" console last', [BANGER], world.environment);
    await terminal.until("serving");
    await guest.say("its last words\n");
    await kill(pid);
    await kill(world.daemonPid());
    await terminal.until("its console ends here");
    expect(terminal.text).toContain("its last words");
  });

  test("of a vm that is renamed and deleted says so once, with the name that it had last", async () => {
    await using guest = await openGuest("before");
    const terminal = openTerminal('"$@" console before; echo "code $?"', [BANGER], world.environment);
    const follower = openTerminal('"$@" logs -f before; echo "code $?"', [BANGER], world.environment);
    for (const each of [terminal, follower]) await each.until("serving");
    await world.ok(["vm", "rename", guest.name, "renamed"]);
    guest.hush();
    await world.ok(["rm", "-f", "renamed"]);
    for (const each of [terminal, follower]) {
      await each.until("code 0");
      expect(each.text.match(/vm \w+ is \w+/g)).toEqual([expect.stringMatching(/^vm renamed is delet(ed|ing)$/)]);
    }
  });

  test("whose run folder somebody removed cannot be attached to, and that is told, also by ps", async () => {
    await using guest = await openGuest("removed");
    const runFolder = join(world.folder, "run/banger/v", guest.id);
    guest.hush();
    rmSync(runFolder, { recursive: true });
    const told = `its run folder ${runFolder}, through which it is reached, was removed: banger vm stop removed, then banger vm start removed`;
    await until("the problem is told", async () => (await world.ok(["ps"])).includes(told));
    expect(await world.banger(["console", guest.name])).toEqual({
      code: 1,
      stdout: "",
      stderr: `error: cannot attach to the console of vm removed: ${told}\n`,
    });
  });

  test("for programs gives offsets, and says that a connection broke", async () => {
    await using guest = await openGuest("program");
    const client = openClient({ socketPath: join(world.folder, "run/banger/banger.sock") });
    using session = await client.openConsole(guest.name, 7);
    const { value } = await session.output.next();
    expect([value?.offset, String(Buffer.from(value?.bytes ?? []))]).toEqual([7, SERVING.slice(7)]);
    await kill(world.daemonPid());
    expect(await session.output.next()).toMatchObject({ done: true });
    expect(session.ended).toBeUndefined();
    expect(await session.type(Buffer.from("x"))).toBe(false);
  });
});
