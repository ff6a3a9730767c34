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
    const terminal = openTerminal(home, AROUND('"$@" exec -it dev size'));
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

  test("is raw in both directions: what the guest's terminal has made of lines is not done once more", async () => {
    await using home = await openHomeWithVm();
    for (const words of ["exec -it dev hex 610a62", "exec -t dev hex 610a62"]) {
      const terminal = openTerminal(home, AROUND(`"$@" ${words}`));
      await terminal.until(/after [0-9a-f]/);
      expect(terminal.text).toContain(words.startsWith("exec -it") ? "\r\na\nb" : "\r\na\r\nb");
      expect(modes(terminal.text, "after")).toBe(modes(terminal.text, "before"));
    }
  });

  test("is raw while the command runs: Ctrl-C is a key for the guest", async () => {
    await using home = await openHomeWithVm();
    const terminal = openTerminal(home, AROUND('"$@" shell dev'));
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
    const terminal = openTerminal(home, `set -m; ${line}`);
    await terminal.until("ready");
    const pid = Number(/pid (\d+)/.exec(terminal.text)?.[1]);
    process.kill(pid, `SIG${signal}`);
    await terminal.until(/after [0-9a-f]/);
    expect(modes(terminal.text, "after")).toBe(modes(terminal.text, "before"));
  });

  test("that goes away ends the client, though the command does not mind", async () => {
    await using home = await openHomeWithVm();
    for (const words of ["exec -i dev -- deaf", "exec -it dev -- deaf"]) {
      const terminal = openTerminal(home, `exec "$@" ${words}`);
      await terminal.until("ready");
      terminal.hangUp();
      expect([129, 1]).toContain(await terminal.child.exited);
    }
    expect(await home.banger(["exec", "dev", "--", "exit", "3"])).toMatchObject({ code: 3 });
  });

  test("gets control characters of a command without -t spelled out", async () => {
    await using home = await openHomeWithVm();
    const terminal = openTerminal(home, `"$@" exec dev echo "$(printf 'a\\033[2Jb\\tc')"; echo done`);
    await terminal.until("done");
    expect(terminal.text).toContain("a\\x1b[2Jb\tc\r\n");
  });

  test("that is narrow gets tables and help that fit", async () => {
    await using home = await openHomeWithVm();
    for (const words of ["ps", "vm show dev", "vm create --help", "--help", "doctor", "stats", "operation list"]) {
      const terminal = openTerminal(home, `"$@" ${words} 2>/dev/null; echo done`, { cols: 60, rows: 50 });
      await terminal.until("done\r\n");
      // A line to be typed stays whole.
      const long = terminal.text.split("\r\n").filter((line) => line.length > 60 && !/^ {2}(?:banger|tar|#) /.test(line));
      expect({ words, long }).toEqual({ words, long: [] });
    }
  });

  test("keeps a line of each stage with its time, however short it was", async () => {
    await using home = await openHomeWithVm();
    const terminal = openTerminal(home, `"$@" vm create x; "$@" run --ephemeral -- echo said; echo "done"`);
    await terminal.until("done\r\n");
    const kept = terminal.text.match(/(?:disk {2}\d+ ms {2}\(from the pool\)|boot {2}\d+ ms)\r\n/g);
    expect(kept?.map((line) => line.slice(0, 4))).toEqual(["disk", "boot", "disk", "boot"]);
  });

  test("shows a running stage, and colour only when it may", async () => {
    await using home = await openHomeWithVm();
    const plain = openTerminal(home, `"$@" vm show nobody; NO_COLOR=1 "$@" vm show nobody; echo done`);
    await plain.until("done\r\n");
    expect(plain.text).toContain("\x1b[31merror:\x1b[39m no vm is named");
    expect(plain.text).toContain("\nerror: no vm is named");
    const slow = openTerminal(home, `exec "$@" vm create x --image slow`);
    await slow.until(/boot {2}\d+ ms/);
    slow.type("\x03");
    await slow.until("error:");
    expect(await slow.child.exited).toBe(130);
    expect(slow.text).toContain("cancelling");
  });

  test("shows how far a copy is, once it takes a while, and clears that at the end", async () => {
    await using home = openHome({ FAKE_GUEST: "/nowhere" });
    await home.banger(["vm", "create", "dev"]);
    const copying = openTerminal(home, `exec "$@" cp dev:slow ${home.path}`);
    await copying.until(/0 files {2}64 KiB {2}\S+ \S+\/s/);
    copying.type("\x03");
    await copying.until("error:");
    expect(await copying.child.exited).toBe(130);
    expect(copying.text).toContain("\r\x1b[K\x1b[31merror:");
  });
});

describe("a console", () => {
  test("shows and takes bytes as a shell does, says how to leave it, and puts the terminal back", async () => {
    await using home = await openHomeWithVm();
    const terminal = openTerminal(home, AROUND('"$@" console dev'));
    await terminal.until("Linux version");
    expect(terminal.text).toContain("attached to the console of vm dev; Ctrl-] leaves it");
    // Ctrl-C is a key for the guest. What it sends back may draw, and not reach the clipboard.
    terminal.type("\x03\x1b]52;c;aGk=\x07abc\x1b[A");
    await terminal.until("ABC\x1b[A");
    expect(terminal.text).not.toContain("\x1b]52");
    terminal.type("\x1d");
    await terminal.until(/after [0-9a-f]/);
    expect(terminal.text).toContain("detached from the console of vm dev");
    expect(terminal.text).toContain("code 0");
    expect(modes(terminal.text, "before")).toBeString();
    expect(modes(terminal.text, "after")).toBe(modes(terminal.text, "before"));
  });

  test("is left by other keys when they are asked for", async () => {
    await using home = await openHomeWithVm();
    const terminal = openTerminal(home, AROUND('"$@" console dev --detach-keys ctrl-p,ctrl-q'));
    await terminal.until("Ctrl-P Ctrl-Q leaves it");
    await terminal.until("Linux version");
    terminal.type("\x1d\x10abc\x10");
    await terminal.until("ABC");
    terminal.type("\x11");
    await terminal.until(/after [0-9a-f]/);
    expect(terminal.text).toContain("code 0");
  });

  test("is only read with --no-input, from an offset on, and Ctrl-C leaves it", async () => {
    await using home = await openHomeWithVm();
    const terminal = openTerminal(home, AROUND('"$@" console dev --no-input --offset 6'));
    await terminal.until("version");
    expect(terminal.text).not.toContain("Linux version");
    terminal.type("abc");
    terminal.type("\x03");
    await terminal.until(/after [0-9a-f]/);
    expect(terminal.text).not.toContain("ABC");
    expect(modes(terminal.text, "after")).toBe(modes(terminal.text, "before"));
  });

  test("ends with the vm, and goes on when its connection breaks", async () => {
    await using home = await openHomeWithVm();
    const terminal = openTerminal(home, AROUND('"$@" console dev'));
    await terminal.until("Linux version");
    terminal.type("x");
    // What was shown is not shown again: the next connection begins where the first broke.
    await terminal.until("X");
    // A key that is pressed at the very moment of the break may be lost.
    const typing = setInterval(() => terminal.type("y"), 100);
    await terminal.until("Y").finally(() => clearInterval(typing));
    terminal.type("q");
    await terminal.until("vm dev is stopped: its console ends here");
    await terminal.until(/after [0-9a-f]/);
    expect(terminal.text.match(/Linux version/g)).toHaveLength(1);
    expect(modes(terminal.text, "after")).toBe(modes(terminal.text, "before"));
  });

  test.each(["TERM", "HUP"])("puts the terminal back when SIG%s ends it", async (signal) => {
    await using home = await openHomeWithVm();
    const terminal = openTerminal(home, `set -m; ${AROUND(`"$@" console dev & pid=$!; echo "pid $pid"; fg 2>/dev/null; wait $pid`)}`);
    await terminal.until("Linux version");
    process.kill(Number(/pid (\d+)/.exec(terminal.text)?.[1]), `SIG${signal}`);
    await terminal.until(/after [0-9a-f]/);
    expect(modes(terminal.text, "after")).toBe(modes(terminal.text, "before"));
  });

  test("without a terminal to type on cannot drive the one it is shown on", async () => {
    await using home = openHome({ FAKE_CONSOLE: "a\x1b[6nb\n" });
    await home.banger(["vm", "create", "dev"]);
    const terminal = openTerminal(home, `"$@" console dev < /dev/null & pid=$!; sleep 600 & wait $pid; echo done`);
    await terminal.until("a\\x1b[6nb");
    expect(terminal.text).toContain("to read along; Ctrl-C leaves it");
    terminal.child.kill("SIGKILL");
    await terminal.child.exited;
  });

  test("of a vm that does not run says what to type", async () => {
    await using home = await openHomeWithVm();
    await home.banger(["stop", "dev"]);
    expect(await home.banger(["console", "dev"])).toMatchObject({ code: 1, stderr: expect.stringContaining("banger start dev") });
    expect(await home.banger(["console", "dev", "--detach-keys", "ctrl-1"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--detach-keys"),
    });
  });
});
