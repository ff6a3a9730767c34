import { expect, test } from "bun:test";
import { join } from "node:path";

/** Prints what is known of a process that lives for as long as we do, first with descriptors left and then with none, and of one that never was. */
const SCRIPT = `
const { openSync, closeSync } = await import("node:fs");
const { makeClock } = await import(${JSON.stringify(join(import.meta.dir, "clock.ts"))});
const { makeProcesses } = await import(${JSON.stringify(join(import.meta.dir, "processes.ts"))});
const clock = makeClock();
const processes = makeProcesses(clock, process.env);
const parent = processes.identify(process.ppid);
const gone = { ...parent, pid: 2 ** 22 };
const told = (ask) => { try { return ask(); } catch (error) { return error.code; } };
const all = () => [
  told(() => processes.isAlive(parent)),
  told(() => processes.identify(process.ppid)?.pid === process.ppid),
  told(() => processes.signal(parent, "SIGCONT")),
  told(() => processes.isAlive(gone)),
  told(() => processes.signal(gone, "SIGCONT")),
];
const before = all();
const held = [];
try { for (;;) held.push(openSync("/dev/null")); } catch {}
const during = all();
const watch = processes.watchEnd(parent, AbortSignal.timeout(50)).then(() => "ended", () => "still watched");
const watched = await watch;
for (const one of held) closeSync(one);
console.log(JSON.stringify({ before, during, watched }));
`;

test("a process that cannot be looked at is not taken for gone", async () => {
  const child = Bun.spawn(["bash", "-c", 'ulimit -n 100; "$@"; exit $?', "bash", process.execPath, "-e", SCRIPT], { stderr: "inherit" });
  expect(JSON.parse(await new Response(child.stdout).text())).toEqual({
    before: [true, true, true, false, false],
    during: ["EMFILE", "EMFILE", "EMFILE", "EMFILE", false],
    watched: "still watched",
  });
});
