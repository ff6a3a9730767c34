/** A daemon one of whose calls fails, by strace in the place of the call; or one of the programs that it runs. */
import { expect } from "bun:test";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Chance } from "../support/seeded.ts";
import { hasEnded, untilEnded } from "../support/until-ended.ts";
import { BANGER, processesOf, type Ran, type World } from "../support/world.ts";

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

export interface Injection {
  readonly error: string;
  readonly call: string;
  readonly nth: number;
}

/** One kind of fault after another, so that a sample has each. */
export function chooseInjections(chance: Chance, count: number): readonly Injection[] {
  return Array.from({ length: count }, (_, index) => {
    const { error, calls } = FAULTS[index % FAULTS.length] ?? FAULTS[0];
    const call = chance.pick<string>(calls);
    return { error, call, nth: 1 + chance.below(LATEST[call] ?? LATEST_OF_OTHERS) };
  });
}

/** A daemon whose n-th call of one kind fails, in each of its threads and of the programs that it runs. */
export async function startInjected(world: World, { error, call, nth }: Injection): Promise<() => Promise<void>> {
  await world.ok(["daemon", "stop"]);
  const options = [
    "-f",
    "-o",
    traceOf(world),
    "-e",
    `trace=${call}`,
    "-e",
    "signal=none",
    "-e",
    `inject=${call}:error=${error}:when=${nth}`,
  ];
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

const traceOf = ({ folder }: World): string => join(folder, "injected");

/** Whether the call came to be made. */
export const wasHit = (world: World): boolean => readFileSync(traceOf(world), "latin1").includes("(INJECTED)");

export function expectNoBug(words: readonly string[], { code, stdout, stderr }: Ran): void {
  const said = `${stdout}${stderr}`;
  const isTold = code === 0 || said.includes("error: ");
  expect({ words, said, isTold, isBug: /\bbug\b|internal error/i.test(said) }).toMatchObject({ isTold: true, isBug: false });
}
