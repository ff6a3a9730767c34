/**
 * Any call of a daemon or of a program that it runs may fail, once: the disk is full or broken, descriptors or memory have run out. A command
 * then says so or is not bothered; what was told to be done is so, nothing is left over, and nobody else is disturbed.
 *
 * The errors are strace's, in the place of the call. BANGER_TEST_INJECTIONS: how many.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isFull, makeChance, SEED, type Chance } from "../support/seeded.ts";
import { hasEnded, untilEnded } from "../support/until-ended.ts";
import { BANGER, processesOf, type Ran } from "../support/world.ts";
import { listVms } from "../support/world-state.ts";
import { openCrashWorld, type CrashWorld } from "./crash-world.ts";
import { expectOrder, expectSettled } from "./judge.ts";

const COUNT = Number(process.env["BANGER_TEST_INJECTIONS"] ?? (isFull ? 300 : 15));
const NAME = "target";

/** Calls that can end in this way. */
const FAULTS = [
  { error: "ENOSPC", calls: ["write", "pwrite64", "ftruncate", "fallocate", "mkdir", "openat", "rename", "fsync", "fdatasync"] },
  { error: "EIO", calls: ["read", "pread64", "write", "pwrite64", "fsync", "fdatasync", "rename", "unlink", "rmdir", "getdents64"] },
  { error: "EMFILE", calls: ["openat", "socket", "accept4", "pipe2", "epoll_create1", "eventfd2", "memfd_create"] },
  { error: "ENOMEM", calls: ["mmap", "clone", "clone3", "vfork", "execve", "poll", "sendmsg", "connect"] },
] as const;
/** How often a thread makes one of these calls in this test, at least; of the others fewer are sure. */
const LATEST: Readonly<Record<string, number>> = { write: 40, pwrite64: 100, read: 60, pread64: 30, openat: 200, mmap: 100, fdatasync: 20 };
const LATEST_OF_OTHERS = 4;

/** A runtime without a thread or a read of its own may hang; nobody waits for it any longer. */
const STARTS_WITHIN_MS = 5000;

interface Injection {
  readonly error: string;
  readonly call: string;
  readonly nth: number;
}

setDefaultTimeout(120_000);

let crash: CrashWorld;
beforeAll(async () => {
  crash = await openCrashWorld("fake");
});
afterAll(async () => {
  await crash[Symbol.asyncDispose]();
  console.log(`${hits} of ${COUNT} calls were made to fail`);
  // Others are of calls that the runtime does not make here at all.
  expect(hits).toBeGreaterThan(COUNT / 2);
});

const injections = chooseAll(makeChance());

/** One kind of fault after another, so that a sample has each. */
function chooseAll(chance: Chance): readonly Injection[] {
  return Array.from({ length: COUNT }, (_, index) => {
    const { error, calls } = FAULTS[index % FAULTS.length] ?? FAULTS[0];
    const call = chance.pick<string>(calls);
    return { error, call, nth: 1 + chance.below(LATEST[call] ?? LATEST_OF_OTHERS) };
  });
}

/** A daemon whose n-th call of one kind fails, in each of its threads and of the programs that it runs. */
async function startInjected({ error, call, nth }: Injection): Promise<() => Promise<void>> {
  const { world } = crash;
  await world.ok(["daemon", "stop"]);
  const options = ["-f", "-o", traceOf(), "-e", `trace=${call}`, "-e", "signal=none", "-e", `inject=${call}:error=${error}:when=${nth}`];
  const child = spawn("strace", [...options, BANGER, "daemon", "run"], { env: world.environment, stdio: "ignore" });
  // One that cannot start ends; another is started in its place by whoever asks.
  for (const deadline = Date.now() + STARTS_WITHIN_MS; child.exitCode === null && Date.now() < deadline; await Bun.sleep(20))
    if ((await world.banger(["daemon", "status"])).code === 0) break;
  return async () => {
    for (const { pid, words } of processesOf(world.folder)) {
      // One that hangs and never listened, too. strace has its words behind its own.
      if (words[0] !== BANGER || !words.includes("daemon") || hasEnded(pid)) continue;
      process.kill(pid, "SIGKILL");
      await untilEnded(pid);
    }
    // strace itself lives as long as a program that it followed: a guest, above all.
    if (child.pid === undefined || hasEnded(child.pid)) return;
    child.kill("SIGKILL");
    await untilEnded(child.pid);
  };
}

const traceOf = (): string => join(crash.world.folder, "injected");
let hits = 0;

const isThere = (): boolean => listVms(crash.world).some(({ name }) => name === NAME);

test.each(injections.map((injection) => [`${injection.error} of ${injection.call}, time ${injection.nth}`, injection] as const))(
  `%s (seed ${SEED})`,
  async (_name, injection) => {
    // Where the n-th was later than this goes, the first is made to fail.
    if ((await survives(injection)) || (injection.nth > 1 && (await survives({ ...injection, nth: 1 })))) hits += 1;
  },
);

/** Whether the call came to be made. */
async function survives(injection: Injection): Promise<boolean> {
  const { world, goods } = crash;
  const end = await startInjected(injection);
  const told: (boolean | undefined)[] = [];
  const ask = async (words: readonly string[], leaves: boolean): Promise<void> => {
    const ran = await world.banger(words);
    expectNoBug(words, ran);
    told.push(ran.code === 0 ? leaves : undefined);
  };
  try {
    await ask(["vm", "create", NAME, "--kernel", goods.kernel], true);
    await ask(["vm", "exec", NAME, "--", "true"], isThere());
    await ask(["vm", "stop", NAME], isThere());
    await ask(["vm", "start", NAME], isThere());
    if (injection.nth % 2 === 0) await ask(["vm", "delete", "--force", NAME], false);
  } finally {
    await end();
  }
  const isHit = readFileSync(traceOf(), "latin1").includes("(INJECTED)");
  await world.ok(["vm", "list"]);
  // A guest may have been hit itself.
  await expectOrder(crash, [`vm ${NAME} is broken`]);
  const last = told.findLast((one) => one !== undefined);
  if (last !== undefined && told.at(-1) !== undefined) expect(isThere()).toBe(last);
  await expectSettled(crash);
  if (isThere()) await world.ok(["vm", "delete", "--force", NAME]);
  await expectOrder(crash);
  return isHit;
}

function expectNoBug(words: readonly string[], { code, stdout, stderr }: Ran): void {
  const said = `${stdout}${stderr}`;
  expect({ words, said, isBug: /\bbug\b|internal error/i.test(said) }).toMatchObject({ isBug: false });
  if (code !== 0) expect({ words, said }).toMatchObject({ said: expect.stringContaining("error: ") });
}
