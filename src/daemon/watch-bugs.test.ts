import { expect, test } from "bun:test";
import { join } from "node:path";

/** A program that makes both mistakes and wants to live on. */
const SCRIPT = `
  const { watchBugs } = await import(${JSON.stringify(join(import.meta.dir, "watch-bugs.ts"))});
  const log = { error: (message, { error }) => console.log(message + ": " + error.message) };
  {
    using _bugs = watchBugs(log);
    const pass = () => new Promise((resolve) => setTimeout(resolve, 20));
    void Promise.reject(new Error("nobody waits for it"));
    await pass();
    setTimeout(() => { throw new Error("thrown from a timer"); }, 0);
    await pass();
    console.log("lives on");
  }
  console.log("listeners left: " + (process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection")));`;

test("what nobody caught is logged as a bug, and the daemon goes on", () => {
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, "-e", SCRIPT]);
  expect({ stdout: stdout.toString().split("\n"), stderr: stderr.toString(), exitCode }).toEqual({
    stdout: [
      "a bug: nobody caught this: nobody waits for it",
      "a bug: nobody caught this: thrown from a timer",
      "lives on",
      "listeners left: 0",
      "",
    ],
    stderr: "",
    exitCode: 0,
  });
});
