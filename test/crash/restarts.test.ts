/**
 * Real guests work while the daemon beneath them is killed, stopped, and replaced by another build, again and again: none of them ends or
 * notices, what waits for a command's end is told clearly that it was cut off, and who reads along gets every byte once, in order.
 *
 * An upgrade is a rename over the program's path, as package managers do it. BANGER_TEST_RESTARTS, BANGER_TEST_SWAPS: how often.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, linkSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { daemonSocketOf, findRoots } from "../../src/contract/roots.ts";
import { VERSION } from "../../src/contract/version.ts";
import { openClient } from "../../src/sdk/open-client.ts";
import { openGoods } from "../support/goods.ts";
import { buildOtherVersion, OTHER_VERSION } from "../support/other-build.ts";
import { isFull, makeChance, SEED } from "../support/seeded.ts";
import { untilEnded } from "../support/until-ended.ts";
import { BANGER, withWorld, type World } from "../support/world.ts";
import { listVms } from "../support/world-state.ts";
import { startReader, type Reader } from "./reader.ts";
import { untilQuiet } from "../support/until-quiet.ts";

const GUESTS = isFull ? 5 : 1;
const RESTARTS = Number(process.env["BANGER_TEST_RESTARTS"] ?? (isFull ? 100 : 4));
const SWAPS = Number(process.env["BANGER_TEST_SWAPS"] ?? (isFull ? 20 : 2));
const DEADLINE_MS = 60_000;

/** Many guests at work share the processors with what they are to show. */
const PAUSE = isFull ? "0.7" : "0.1";
/** Counts on the console and in a file, until the guest ends. */
const WORK = `i=0; while :; do i=$((i+1)); echo $i > /root/count; echo counted $i > /dev/console; sleep ${PAUSE}; done`;

setDefaultTimeout(120_000 + GUESTS * 60_000 + (RESTARTS + SWAPS) * 30_000);

interface Guest {
  readonly name: string;
  readonly id: string;
  readonly pid: number | undefined;
  readonly log: Reader;
  readonly console: Reader;
}

test(`${RESTARTS} restarts and ${SWAPS} swaps of the daemon beneath ${GUESTS} guests at work (seed ${SEED})`, async () => {
  const goods = await openGoods();
  const other = await buildOtherVersion();
  await withWorld({ config: '[drivers]\norder = ["qemu"]\n', program: "FOLDER/bin/banger" }, async (world) => {
    const builds = [
      { version: VERSION, path: place(world, "ours", BANGER) },
      { version: OTHER_VERSION, path: place(world, "other", other) },
    ] as const;
    let build: (typeof builds)[number] = builds[0];
    install(world, build.path);
    const guests: Guest[] = [];
    const endReaders = () => Promise.all(guests.flatMap(({ log, console: shown }) => [log.end(), shown.end()]));
    await using _readers = { [Symbol.asyncDispose]: async () => void (await endReaders()) };
    for (let index = 0; index < GUESTS; index += 1) guests.push(await startGuest(world, `dev-${index}`, goods.kernel));

    const chance = makeChance();
    const steps = [
      ...Array.from({ length: RESTARTS }, (_, index) => (index % 2 === 0 ? "kill" : "stop")),
      ...Array.from({ length: SWAPS }, () => "swap"),
    ];
    for (let done = 0; steps.length > 0; done += 1) {
      const [how] = steps.splice(chance.below(steps.length), 1);
      const where = `${done}: ${how}`;
      const before = await world.json<{ pid: number }>(["daemon", "status"]);
      const cut = await startCommands(world, chance.pick(guests).name, build.version);
      // Some moment of the guests' work, and of the readers'.
      await Bun.sleep(chance.below(500));
      if (how === "kill") {
        process.kill(before.pid, "SIGKILL");
        await untilEnded(before.pid);
      } else {
        if (how === "swap") {
          build = build === builds[0] ? builds[1] : builds[0];
          install(world, build.path);
        }
        await world.ok(["daemon", "stop"]);
      }
      expect({ where, cut: await cut() }).toEqual({ where, cut: CUT_OFF });

      await world.ok(["vm", "list"]);
      const after = await world.json<{ pid: number; version: string }>(["daemon", "status"]);
      expect({ where, version: after.version, isSame: after.pid === before.pid }).toEqual({ where, version: build.version, isSame: false });
      for (const guest of guests) {
        if (how === "swap") await goOn(guest, build.version);
        expect({ where, here: await world.ok(["exec", guest.name, "--", "echo", "here"]) }).toEqual({ where, here: "here\n" });
      }
      expect({ where, vms: listVms(world).map(({ name, state, pid }) => ({ name, state, pid })) }).toEqual({
        where,
        vms: guests.map(({ name, pid }) => ({ name, state: "running", pid })),
      });
    }

    for (const guest of guests) await expectEveryByteOnce(world, guest);
    await endReaders();
    expect(await untilQuiet(world)).toEqual([]);
    const counts = guests.map(({ log }) => linesIn(log.text()).length);
    console.log(`${RESTARTS} restarts and ${SWAPS} swaps; lines read beneath them: ${counts.join(", ")}`);
  });
});

/** Beside the path that it is installed at, on the same file system. */
function place(world: World, name: string, from: string): string {
  mkdirSync(join(world.folder, "bin"), { recursive: true });
  const path = join(world.folder, "bin", name);
  copyFileSync(from, path);
  return path;
}

function install(world: World, build: string): void {
  const path = join(world.folder, "bin/banger");
  linkSync(build, `${path}.new`);
  renameSync(`${path}.new`, path);
}

async function startGuest(world: World, name: string, kernel: string): Promise<Guest> {
  const { id } = await world.json<{ id: string }>(["vm", "create", name, "--kernel", kernel, "--memory", "256M"]);
  await world.ok(["exec", name, "--", "setsid", "-f", "sh", "-c", `exec >/dev/null 2>&1 </dev/null; ${WORK}`]);
  const log = startReader(world, ["logs", "-f", name, "--from", "0", "--json"], "log");
  const shown = startReader(world, ["console", name, "--offset", "0"], "console");
  return { name, id, pid: listVms(world).find((vm) => vm.name === name)?.pid, log, console: shown };
}

const CUT_OFF = {
  command: {
    code: 125,
    stdout: "begun\n",
    stderr: "error: the connection to the command was lost: the vm or the daemon has gone away\ntry: banger ps\n",
  },
  program: { kind: "unavailable", code: "exec_broken_off" },
};

/** Two commands that do not end, one of the command line and one of a program; what came of them. */
async function startCommands(world: World, vm: string, version: string): Promise<() => Promise<unknown>> {
  const words = ["sh", "-c", "echo begun; exec sleep 3600"] as const;
  const command = startReader(world, ["exec", vm, "--", ...words], "console");
  const client = openClient({ socketPath: daemonSocketOf(findRoots(world.environment)), version });
  const session = await client.exec(vm, { argv: words, env: {} });
  session.stderr.resume();
  for await (const chunk of session.stdout) if (String(chunk).includes("begun")) break;
  await command.until((text) => text === "begun\n", DEADLINE_MS);
  return async () => {
    const { kind, code } = (await session.exited.catch((error: unknown) => error)) as { kind: string; code: string };
    return { command: await command.ended(DEADLINE_MS), program: { kind, code } };
  };
}

/** Those who read along by the program that was replaced say so and end, and go on as they say. */
async function goOn({ name, log, console: shown }: Guest, version: string): Promise<void> {
  const seen = log.endOffset();
  const error = { code: "daemon_version_differs", hint: `banger logs -f ${name} --from ${seen}` };
  expect(await log.ended(DEADLINE_MS)).toMatchObject({ code: 1, failure: error });
  log.goOn([...error.hint.split(" ").slice(1), "--json"]);
  const { code, stderr } = await shown.ended(DEADLINE_MS);
  const words = `banger console ${name} --offset ${shown.endOffset()}`;
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`the daemon was replaced by that of banger ${version}`),
  });
  expect(stderr).toEndWith(`\ntry: ${words}\n`);
  shown.goOn(words.split(" ").slice(1));
}

/** What was read is what the guest wrote, by its log on the host and by what it counted. */
async function expectEveryByteOnce(world: World, { name, id, log, console: shown }: Guest): Promise<void> {
  const written = (): string => readFileSync(join(world.folder, "state/banger/vms", id, "console.log"), "latin1");
  const upTo = Number((await world.ok(["exec", name, "--", "cat", "/root/count"])).trim());
  const last = `counted ${upTo}\r\n`;
  await log.until((text) => text.includes(last), DEADLINE_MS);
  await shown.until((text) => text.includes(last), DEADLINE_MS);
  const whole = written();
  for (const read of [log.text(), shown.text()]) {
    expect(read.length).toBeGreaterThan(0);
    expect(read === whole.slice(0, read.length)).toBeTrue();
    const lines = linesIn(read);
    expect(lines).toEqual(Array.from({ length: lines.length }, (_, index) => index + 1));
    expect(lines.length).toBeGreaterThanOrEqual(upTo);
  }
}

const linesIn = (text: string): readonly number[] => [...text.matchAll(/counted (\d+)\r\n/g)].map(([, number]) => Number(number));
