import { describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { makeClock } from "./clock.ts";
import { makeProcesses } from "./processes.ts";
import { makeSockets } from "./sockets.ts";

const clock = makeClock();
const processes = makeProcesses(clock, process.env);
const timeoutMs = 10_000;

describe("running a program", () => {
  test("gives code, stdout and stderr", async () => {
    const result = await processes.run(["sh", "-c", "cat; echo err >&2; exit 3"], { timeoutMs, input: "in" });
    expect(result).toEqual({ code: 3, signal: undefined, stdout: "in", stderr: "err\n" });
  });

  test("takes a stream and gives one", async () => {
    const parts: Buffer[] = [];
    const stdout = new Writable({
      write(part, _encoding, done) {
        parts.push(part);
        done();
      },
    });
    await processes.runOk(["cat"], { timeoutMs, input: Readable.from(["a".repeat(300_000)]), stdout });
    expect(Buffer.concat(parts).length).toBe(300_000);
  });

  test("does not mind a program that ends without reading its input", async () => {
    expect((await processes.run(["true"], { timeoutMs, input: "x".repeat(1 << 20) })).code).toBe(0);
  });

  test("inherits nothing but a small environment", async () => {
    process.env["BANGER_TEST_SECRET"] = "1";
    const { stdout } = await processes.run(["env"], { timeoutMs, env: { ADDED: "yes" } });
    expect(stdout).toContain("ADDED=yes");
    expect(stdout).not.toContain("BANGER_TEST_SECRET");
    delete process.env["BANGER_TEST_SECRET"];
  });

  test("lets others go first where it is patient", async () => {
    // Once it runs, it is told so.
    const script = "while [ $(nice) = 0 ]; do sleep 0.01; done; nice; cat /proc/self/autogroup 2>/dev/null || echo nice 10";
    const { stdout } = await processes.run(["sh", "-c", script], { timeoutMs, isPatient: true });
    expect(stdout).toMatch(/^10\n.*nice 10\n$/);
    expect((await processes.run(["nice"], { timeoutMs })).stdout).toBe("0\n");
  });

  test("ends the whole group at the deadline, also one that ignores SIGTERM", async () => {
    const marker = `banger-test-${process.pid}-deadline`;
    const script = "trap '' TERM; (trap '' TERM; exec sleep 300) & echo ready; wait";
    const run = processes.run(["sh", "-c", script, marker], { timeoutMs: 300, graceMs: 100 });
    expect(run).rejects.toMatchObject({ kind: "timeout", code: "program_timeout" });
    await run.catch(() => undefined);
    expect(processes.findByArgument(marker)).toEqual([]);
  });

  test("is cancelled by its signal", async () => {
    const controller = new AbortController();
    const run = processes.run(["sleep", "300"], { timeoutMs, signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    expect(run).rejects.toMatchObject({ kind: "cancelled" });
    await run.catch(() => undefined);
  });

  test("that is not installed says so", () => {
    expect(processes.run(["banger-no-such-program"], { timeoutMs })).rejects.toMatchObject({ code: "program_missing" });
  });

  test("that prints too much is refused", () => {
    expect(processes.run(["head", "-c", "100000", "/dev/zero"], { timeoutMs, maxOutputBytes: 1000 })).rejects.toMatchObject({
      code: "output_too_large",
    });
  });

  test("that fails shows its last words", () => {
    expect(processes.runOk(["sh", "-c", "echo the reason >&2; exit 9"], { timeoutMs })).rejects.toThrow(/ended with code 9: the reason/);
  });
});

describe("a detached program", () => {
  test("gets a listening socket, logs to its file, and is known by pid and start time", async () => {
    const folder = await mkdtemp(join(tmpdir(), "banger-processes-"));
    const listening = makeSockets().listenForChild(join(folder, "s"));
    const socket = net.connect(listening.path);
    // The end of the program, which holds the listening socket, resets what it never accepted.
    socket.on("error", () => undefined);
    const started = await processes.startDetached(["sh", "-c", "echo hello; exec sleep 300", "sh"], {
      logPath: join(folder, "log"),
      descriptors: [listening.descriptor],
    });
    listening.close();
    while ((await readFile(join(folder, "log"), "utf8")) === "") await Bun.sleep(5);
    expect(processes.isAlive(started.identity)).toBe(true);
    expect(processes.isAlive({ ...started.identity, startTicks: started.identity.startTicks + 1 })).toBe(false);
    expect(processes.isAlive({ ...started.identity, bootId: "another" })).toBe(false);
    expect(processes.signal({ ...started.identity, startTicks: 1 }, "SIGKILL")).toBe(false);
    expect(processes.isStopped(started.identity)).toBe(false);
    expect(processes.signal(started.identity, "SIGSTOP")).toBe(true);
    while (!processes.isStopped(started.identity)) await Bun.sleep(1);
    expect(processes.isAlive(started.identity)).toBe(true);
    expect(processes.isStopped({ ...started.identity, startTicks: 1 })).toBe(false);
    const gone = processes.watchEnd(started.identity);
    expect(processes.signal(started.identity, "SIGKILL")).toBe(true);
    expect(await started.ended).toEqual({ code: undefined, signal: "SIGKILL" });
    await gone;
    expect(processes.signal(started.identity, "SIGKILL")).toBe(false);
    expect(await readFile(join(folder, "log"), "utf8")).toBe("hello\n");
    socket.destroy();
    await rm(folder, { recursive: true });
  });

  test("is looked at often at first, seldom after a while, and with others at the same moments", async () => {
    const startMs = 1_000_123.4;
    let nowMs = startMs;
    const over = new AbortController();
    const looks: { readonly atMs: number; readonly waitedMs: number }[] = [];
    const counting = makeProcesses(
      {
        ...clock,
        monotonicMs: () => nowMs,
        sleep: async (ms, signal) => {
          if (nowMs > startMs + 120_000) over.abort();
          signal?.throwIfAborted();
          nowMs += ms;
          looks.push({ atMs: nowMs - startMs, waitedMs: ms });
        },
      },
      process.env,
    );
    const ourselves = counting.identify(process.pid);
    if (ourselves === undefined) throw new Error("we are not there");
    await expect(counting.watchEnd(ourselves, over.signal)).rejects.toThrow();
    // Whenever it ends, that is seen in half of the time that it took, and in some seconds at most.
    for (const { atMs, waitedMs } of looks) expect(waitedMs).toBeLessThanOrEqual(Math.min(4096, Math.max(16, atMs / 2)));
    const late = looks.filter(({ atMs }) => atMs > 60_000);
    expect(late.length).toBeLessThan(20);
    for (const { atMs } of late) expect((startMs + atMs) % 4096).toBeLessThan(1);
  });

  test("speaks through named pipes that outlive what was at their other end", async () => {
    const folder = await mkdtemp(join(tmpdir(), "banger-pipes-"));
    const sockets = makeSockets();
    const [input, output] = [join(folder, "in"), join(folder, "out")];
    for (const path of [input, output]) sockets.makePipe(path);
    // A second time: what is there is replaced.
    sockets.makePipe(output);
    expect((await stat(output)).mode & 0o7777).toBe(0o600);
    const ends = [sockets.openPipe(output, "read"), sockets.openPipe(input, "both"), sockets.openPipe(output, "both")] as const;
    const started = await processes.startDetached(["head", "-n", "1"], {
      logPath: join(folder, "log"),
      stdin: ends[1].descriptor,
      stdout: ends[2].descriptor,
    });
    await writeFile(input, "through both\n");
    expect(await started.ended).toEqual({ code: 0, signal: undefined });
    for (const end of ends.slice(1)) end.close();
    // Nobody writes any more, and what was written is there as long as somebody could read it.
    const reader = await processes.startDetached(["cat"], { logPath: join(folder, "log"), stdin: ends[0].descriptor });
    expect(await reader.ended).toEqual({ code: 0, signal: undefined });
    expect(await readFile(join(folder, "log"), "utf8")).toBe("through both\n");
    ends[0].close();
    ends[0].close();
    await rm(folder, { recursive: true });
  });
});
