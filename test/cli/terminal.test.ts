import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openHome, type Home } from "./home.ts";
import { AROUND, modes, openTerminal } from "./open-terminal.ts";

// Dozens of programs start here, on computers that may be busy.
setDefaultTimeout(30_000);

async function openHomeWithVm(): Promise<Home> {
  const home = openHome();
  await home.banger(["vm", "create", "dev"]);
  return home;
}

describe("a terminal", () => {
  test("is given to the command in its size, follows it, and is put back at the end", async () => {
    await using home = await openHomeWithVm();
    const terminal = await openTerminal(home, AROUND('"$@" exec -it dev size'));
    await terminal.until("30x100");
    terminal.resize(77, 11);
    await terminal.until("11x77");
    terminal.type("q");
    await terminal.until(/after [0-9a-f]/);
    await terminal.child.exited;
    expect(terminal.text).toContain("code 0");
    expect(modes(terminal.text, "before")).toBeString();
    expect(modes(terminal.text, "after")).toBe(modes(terminal.text, "before"));
  });

  test("is raw while the command runs: Ctrl-C is a key for the guest", async () => {
    await using home = await openHomeWithVm();
    const terminal = await openTerminal(home, AROUND('"$@" shell dev'));
    await terminal.until("ready");
    terminal.type("\x03");
    await terminal.until(/after [0-9a-f]/);
    // The fake shell ends with 0 at a key, and would end with 130 at a signal.
    expect(terminal.text).toContain("code 0");
    expect(modes(terminal.text, "after")).toBe(modes(terminal.text, "before"));
  });

  test.each(["TERM", "HUP"])("is put back when SIG%s ends the command", async (signal) => {
    await using home = await openHomeWithVm();
    const line = AROUND(`"$@" shell dev & pid=$!; echo "pid $pid"; fg 2>/dev/null; wait $pid`);
    const terminal = await openTerminal(home, `set -m; ${line}`);
    await terminal.until("ready");
    const pid = Number(/pid (\d+)/.exec(terminal.text)?.[1]);
    process.kill(pid, `SIG${signal}`);
    await terminal.until(/after [0-9a-f]/);
    expect(modes(terminal.text, "after")).toBe(modes(terminal.text, "before"));
  });

  test("gets control characters of a command without -t spelled out", async () => {
    await using home = await openHomeWithVm();
    const terminal = await openTerminal(home, `"$@" exec dev echo "$(printf 'a\\033[2Jb\\tc')"; echo done`);
    await terminal.until("done");
    expect(terminal.text).toContain("a\\x1b[2Jb\tc\r\n");
  });

  test("keeps a line of each stage with its time, however short it was", async () => {
    await using home = await openHomeWithVm();
    const terminal = await openTerminal(home, `"$@" vm create x; "$@" run --ephemeral -- echo said; echo "done"`);
    await terminal.until("done\r\n");
    const kept = terminal.text.match(/(?:disk {2}\d+ ms {2}\(from the pool\)|boot {2}\d+ ms)\r\n/g);
    expect(kept?.map((line) => line.slice(0, 4))).toEqual(["disk", "boot", "disk", "boot"]);
  });

  test("shows a running stage, and colour only when it may", async () => {
    await using home = await openHomeWithVm();
    const plain = await openTerminal(home, `"$@" vm show nobody; NO_COLOR=1 "$@" vm show nobody; echo done`);
    await plain.until("done\r\n");
    expect(plain.text).toContain("\x1b[31merror:\x1b[39m no vm is named");
    expect(plain.text).toContain("\nerror: no vm is named");
    const slow = await openTerminal(home, `exec "$@" vm create x --image slow`);
    await slow.until(/boot {2}\d+ ms/);
    slow.type("\x03");
    await slow.until("error:");
    expect(await slow.child.exited).toBe(1);
    expect(slow.text).toContain("cancelling");
  });

  test("shows how far a copy is, once it takes a while, and clears that at the end", async () => {
    await using home = openHome({ FAKE_GUEST: "/nowhere" });
    await home.banger(["vm", "create", "dev"]);
    const copying = await openTerminal(home, `exec "$@" cp dev:slow ${home.path}`);
    await copying.until(/0 files {2}64 KiB {2}\S+ \S+\/s/);
    copying.type("\x03");
    await copying.until("error:");
    expect(await copying.child.exited).toBe(1);
    expect(copying.text).toContain("\r\x1b[K\x1b[31merror:");
  });
});
