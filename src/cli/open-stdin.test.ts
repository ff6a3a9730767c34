import { expect, test } from "bun:test";
import { join } from "node:path";

const BYTES = 2 ** 20;
/** Takes each chunk at once, but says so only two ticks later: what it is piped from is paused and resumed all the time. */
const SCRIPT = `
  const { Writable } = require("node:stream");
  const { openStdin } = await import(${JSON.stringify(join(import.meta.dir, "open-stdin.ts"))});
  let taken = 0;
  const write = (chunk, encoding, callback) => {
    taken += chunk.length;
    process.nextTick(() => process.nextTick(callback));
  };
  const deadline = setTimeout(() => process.exit(1), 10_000);
  openStdin(0, false).pipe(new Writable({ highWaterMark: 1, write })).on("finish", () => {
    clearTimeout(deadline);
    console.log(taken);
  });`;

test.each([
  ["pipe", ["sh", "-c", `head -c ${BYTES} /dev/zero | "$@"`, "sh"], "ignore"],
  ["socket", [], "pipe"],
] as const)("the end of a %s is not missed by a reader that holds it up again and again", async (_kind, before, stdin) => {
  for (let round = 0; round < 5; round += 1) {
    const child = Bun.spawn([...before, process.execPath, "-e", SCRIPT], { stdin, stdout: "pipe", stderr: "inherit" });
    const written = child.stdin?.write(new Uint8Array(BYTES));
    const ended = child.stdin?.end();
    const [text, code] = await Promise.all([child.stdout.text(), child.exited, written, ended]);
    expect({ text, code }).toEqual({ text: `${BYTES}\n`, code: 0 });
  }
});
