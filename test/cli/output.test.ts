/** Where the output of a command goes may be full, closed, or read no further. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { openHome, type Home } from "./home.ts";

setDefaultTimeout(30_000);

async function sh(home: Home, line: string): Promise<{ readonly code: number; readonly stderr: string }> {
  const child = Bun.spawn(["sh", "-c", line, "sh", ...home.program], { env: home.variables, stdout: "pipe", stderr: "pipe" });
  const [stderr, code] = await Promise.all([child.stderr.text(), child.exited]);
  return { code, stderr };
}

test("a disk that is full is told, and is no bug", async () => {
  await using home = openHome();
  await home.banger(["vm", "create", "dev"]);
  for (const [words, code] of [
    ["ps", 1],
    ["ps --json", 1],
    ["vm --help", 1],
    ["logs dev", 1],
    ["exec dev -- echo hi", 125],
    ["exec dev -- bytes 300000", 125],
    ["exec --json dev -- echo hi", 125],
  ] as const) {
    const ended = await sh(home, `"$@" ${words} > /dev/full`);
    expect({ words, code: ended.code }).toEqual({ words, code });
    expect(ended.stderr).toBe(
      "error: cannot write the output: there is no space left\ntry: look at where the output goes to; what was asked for may have been done\n",
    );
  }
  expect((await sh(home, `"$@" exec dev -- warn x 2> /dev/full`)).code).toBe(125);
  expect((await sh(home, `"$@" vm show nobody 2> /dev/full`)).code).toBe(1);
});

test("a reader that has gone away ends the command in silence", async () => {
  await using home = openHome();
  await home.banger(["vm", "create", "dev"]);
  for (const words of ["ps", "exec dev -- bytes 3000000"]) {
    expect(await sh(home, `("$@" ${words}; echo $? >&2) | true`)).toEqual({ code: 0, stderr: "141\n" });
  }
});
