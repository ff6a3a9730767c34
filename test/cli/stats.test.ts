import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openHome, readUntil, type Home } from "./home.ts";
import { AROUND, modes, openTerminal } from "./open-terminal.ts";

// Dozens of programs start here, on computers that may be busy.
setDefaultTimeout(30_000);

async function openHomeWith(...names: readonly string[]): Promise<Home> {
  const home = openHome();
  for (const name of names) await home.banger(["vm", "create", name]);
  return home;
}

const lines = (text: string): readonly string[] => text.trimEnd().split("\n");

describe("stats", () => {
  test("are one table for all that run, with what is counted and who says nothing", async () => {
    await using home = await openHomeWith("dev", "silent", "off");
    await home.banger(["stop", "off"]);
    const { code, stdout } = await home.banger(["stats", "--interval", "100ms"]);
    expect(code).toBe(0);
    const [heading = "", dev = "", silent = "", ...notes] = lines(stdout);
    expect(heading).toMatch(
      /^NAME +CPU +CPU TIME +RSS +PSS +DISK +NET IN \/ OUT +GUEST CPU +MEMORY +ROOT +HOME +GUEST NET +LOAD +UPTIME +PROCS$/,
    );
    expect(dev).toMatch(
      /^dev +50\.0 % .* 208 MiB +158 MiB +4 MiB +1 KiB \/ 2 KiB +50\.0 % +250 MiB \/ 1000 MiB +1 GiB \/ 20 GiB +- +10 B \/ 20 B +0\.50 .* 12$/,
    );
    expect(silent).toMatch(/^silent +50\.0 % .* 1 KiB \/ 2 KiB( +-){8}$/);
    expect(notes).toEqual([
      "dev: counted with the VMM: helper",
      "silent: counted with the VMM: helper",
      "silent: the guest did not answer within 2 s",
    ]);
  });

  test("are a heading alone where nothing runs", async () => {
    await using home = await openHomeWith();
    const { code, stdout } = await home.banger(["stats", "--interval", "100ms"]);
    expect({ code, lines: lines(stdout).length }).toEqual({ code: 0, lines: 1 });
  });

  test("of vms by name are those, each once, and by --json one document", async () => {
    await using home = await openHomeWith("a", "b", "c");
    const { stdout } = await home.banger(["stats", "--interval", "100ms", "--json", "c", "a", "c"]);
    expect(lines(stdout)).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      atMs: expect.any(Number),
      vms: [
        { name: "c", cpuPercent: 50 },
        { name: "a", guestCpuPercent: 50 },
      ],
    });
  });

  test.each([
    [["stats", "nobody"], 1, "no vm is named `nobody`"],
    [["stats", "--interval", "5"], 2, "--interval takes a duration"],
    [["stats", "--interval", "99ms"], 2, "--interval is at least 100ms"],
  ])("banger %p ends with %d", async (argv, code, part) => {
    await using home = await openHomeWith();
    expect(await home.banger(argv)).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(part) });
  });
});

describe("stats -w into a pipe", () => {
  test("are lines that go on until Ctrl-C, which is no failure", async () => {
    await using home = await openHomeWith("dev");
    const child = home.start(["stats", "-w", "--interval", "100ms"]);
    const text = await readUntil(child.stdout, (so) => lines(so).length > 3);
    child.kill("SIGINT");
    expect(await child.exited).toBe(0);
    expect(lines(text).filter((line) => line.startsWith("NAME"))).toHaveLength(1);
    expect(text).not.toContain("\x1b");
    const rows = lines(text).slice(1);
    for (const row of rows) expect(row).toMatch(/^dev +\d+\.\d %/);
  });

  test("are a document a line with --json, the first with percentages already", async () => {
    await using home = await openHomeWith("dev");
    const child = home.start(["stats", "-w", "--interval", "100ms", "--json", "dev"]);
    const text = await readUntil(child.stdout, (so) => so.split("\n").length > 3);
    child.kill("SIGINT");
    expect(await child.exited).toBe(0);
    for (const line of text.split("\n").slice(0, 3)) expect(JSON.parse(line)).toMatchObject({ vms: [{ name: "dev", cpuPercent: 50 }] });
  });

  test("leave out a vm that goes, and end with a failure when all that were named are gone", async () => {
    await using home = await openHomeWith("a", "b");
    const child = home.start(["stats", "-w", "--interval", "100ms", "a", "b"]);
    await readUntil(child.stdout, (text) => /^b /m.test(text));
    await home.banger(["rm", "-f", "a"]);
    await readUntil(child.stdout, (text) => /\nb .*\nb /.test(text));
    await home.banger(["rm", "-f", "b"]);
    expect(await child.exited).toBe(1);
  });

  test("end when nobody reads them any more", async () => {
    await using home = await openHomeWith("dev");
    const child = Bun.spawn(["sh", "-c", '"$@" stats -w --interval 100ms | head -n 2; echo "ended"', "sh", ...home.program], {
      env: home.variables,
      stdout: "pipe",
    });
    expect(await child.stdout.text()).toMatch(/^NAME .*\ndev .*\nended\n$/);
  });
});

describe("stats -w on a terminal", () => {
  // Ctrl-C reaches the shell as well, which shall not end by it.
  const WATCH = `trap : INT; ${AROUND('"$@" stats -w --interval 100ms')}`;
  const [enter, leave] = ["\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"];
  const count = (text: string, part: string): number => text.split(part).length - 1;

  test("are drawn on the other screen, only where they change, cut to its width; Ctrl-C gives it back", async () => {
    await using home = await openHomeWith("dev", "silent");
    const terminal = openTerminal(home, WATCH);
    await terminal.until(enter);
    // Some frames: uptime or processor time change in each.
    await terminal.until(/(?:\[2;1Hdev[^]*?){4}/);
    expect(terminal.text).not.toContain(leave);
    terminal.resize(60, 20);
    await terminal.until(/.\[H.\[2J[^]*.\[H.\[2J.\[1;1HNAME .{0,55}.\[K.\[2;1H/);
    terminal.type("\x03");
    await terminal.until(/after [0-9a-f]/);
    expect(await terminal.child.exited).toBe(0);
    const { text } = terminal;
    expect(text).toContain("code 0");
    expect(modes(text, "after")).toBe(modes(text, "before"));
    expect([count(text, enter), count(text, leave)]).toEqual([1, 1]);
    // The heading is drawn with the first frame and after the new size, and as the table that stays.
    expect(count(text.slice(0, text.indexOf(leave)), "\x1b[1;1HNAME")).toBeLessThanOrEqual(3);
    expect(text.slice(text.indexOf(leave))).toMatch(/NAME .*\r\ndev /);
  });

  test.each([
    ["TERM", 143],
    ["HUP", 129],
  ])("give the screen back when SIG%s ends them", async (signal, code) => {
    await using home = await openHomeWith("dev");
    const line = `set -m; ${AROUND(`"$@" stats -w & pid=$!; echo "pid $pid"; fg 2>/dev/null`)}`;
    const terminal = openTerminal(home, line);
    await terminal.until(/\[2;1Hdev/);
    process.kill(Number(/pid (\d+)/.exec(terminal.text)?.[1]), `SIG${signal}`);
    await terminal.until(/after [0-9a-f]/);
    expect(terminal.text).toContain(`code ${code}`);
    expect(terminal.text.indexOf(leave)).toBeGreaterThan(terminal.text.indexOf(enter));
    expect(modes(terminal.text, "after")).toBe(modes(terminal.text, "before"));
  });

  test("give it back for as long as Ctrl-Z stops them", async () => {
    await using home = await openHomeWith("dev");
    const terminal = openTerminal(home, `set -m; "$@" stats -w --interval 100ms; echo stopped; fg; echo "code $?"`);
    await terminal.until(/\[2;1Hdev/);
    terminal.type("\x1a");
    await terminal.until(/1049l[^]*stopped[^]*1049h[^]*\[2;1Hdev/);
    terminal.type("\x03");
    await terminal.until("code 0");
    expect(count(terminal.text, leave)).toBe(2);
  });

  test("give it back when the daemon fails them", async () => {
    await using home = await openHomeWith("dev");
    const terminal = openTerminal(home, AROUND('"$@" stats -w --interval 100ms dev'));
    await terminal.until(/\[2;1Hdev/);
    await home.banger(["rm", "-f", "dev"]);
    await terminal.until(/after [0-9a-f]/);
    expect(terminal.text).toMatch(/1049l[^]*error:[^]*code 1/);
  });
});

describe("ports", () => {
  test("are a table that tells loopback apart, escaped, and says when it is not all", async () => {
    await using home = openHome({ FAKE_CONSOLE: "\x1b[2Jserver" });
    await home.banger(["vm", "create", "dev"]);
    const { code, stdout } = await home.banger(["ports", "dev"]);
    expect(code).toBe(0);
    expect(lines(stdout)).toEqual([
      "PROTO  ADDRESS     PORT  SCOPE     PID   USER  COMMAND",
      "tcp    0.0.0.0     22    network   310   root  sshd -D",
      "udp    127.0.0.53  53    loopback  -     -     -",
      "tcp    ::1         8080  loopback  4000  dev   \\x1b[2Jserver",
      "there is more than the guest could tell: ports or processes are missing",
    ]);
    expect(JSON.parse((await home.banger(["ports", "dev", "--json"])).stdout)).toMatchObject({
      complete: false,
      ports: [{ port: 22, loopbackOnly: false }, { port: 53, process: null }, { loopbackOnly: true }],
    });
  });
});
