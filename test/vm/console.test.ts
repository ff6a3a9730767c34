/** The serial port of a real guest: what it writes, what is typed to it, and the log that it keeps itself. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { openGoods } from "../support/goods.ts";
import { killDaemon } from "../support/kill-daemon.ts";
import { AROUND, modes, openTerminal } from "../support/terminal.ts";
import { BANGER, withWorld } from "../support/world.ts";

setDefaultTimeout(300_000);

const MIB = 2 ** 20;
/** An emulated serial port does some 150 KB a second. */
const [FIRST, LAST] = [1_000_000, 1_180_000];

const rssOf = (pid: number): number => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

test("a guest that floods its serial port loses no byte, fills no disk, and is typed to", async () => {
  const { kernel } = await openGoods();
  await withWorld({ config: '[logs]\nconsole = "1M"\n' }, async (world) => {
    await world.ok(["vm", "create", "dev", "--kernel", kernel]);
    const { id } = await world.json<{ id: string }>(["vm", "show", "dev"]);
    const log = join(world.folder, "state/banger/vms", id, "console.log");
    const first = await world.json<{ text: string; firstOffset: number }>(["logs", "dev", "--from", "0"]);
    // What the kernel said first is there: nobody had to be quick to hear it.
    expect(first).toMatchObject({ offset: 0, firstOffset: 0, endOffset: first.text.length });

    // In the background of the guest, so that it goes on without a daemon.
    const flood = `stty -F /dev/ttyS0 raw; (seq ${FIRST} ${LAST} > /dev/ttyS0; touch /tmp/done) > /dev/null 2>&1 &`;
    const followed = world.banger(["logs", "-f", "dev", "--from", String(first.text.length)], { timeoutMs: 200_000 });
    await world.ok(["exec", "dev", "--", "sh", "-c", flood]);
    const before = rssOf(world.daemonPid() ?? 0);
    for (let kills = 0; kills < 3; kills += 1) {
      await Bun.sleep(1500);
      await killDaemon(world);
      await world.ok(["ps"]);
    }
    await world.ok(["exec", "dev", "--", "sh", "-c", "until [ -e /tmp/done ]; do sleep 0.2; done"]);
    expect(rssOf(world.daemonPid() ?? 0) - before).toBeLessThan(32);
    expect(statSync(log).size).toBeGreaterThan(MIB);
    expect(statSync(log).blocks * 512).toBeLessThan(MIB + MIB / 4);

    // A command in the guest reads what is typed here, and its answer is shown.
    const terminal = openTerminal(AROUND('"$@" console dev'), [BANGER], world.environment);
    await terminal.until(String(LAST));
    const read = world.banger([
      "exec",
      "dev",
      "--",
      "sh",
      "-c",
      "stty -F /dev/ttyS0 sane -echo; echo ready > /dev/ttyS0; head -n 1 /dev/ttyS0",
    ]);
    await terminal.until("ready");
    terminal.type("typed here\r");
    expect(await read).toMatchObject({ code: 0, stdout: "typed here\n" });
    terminal.type("\x1d");
    await terminal.until(/after [0-9a-f]/);
    expect(modes(terminal.text, "after")).toBe(modes(terminal.text, "before"));

    const guest = await world.banger(["logs", "dev", "--source", "guest"]);
    expect(guest).toMatchObject({ code: 1, stderr: expect.stringContaining("it keeps none") });
    await world.ok(["vm", "stop", "dev"]);
    const { code, stdout, stderr } = await followed;
    expect(code).toBe(0);
    expect(stderr).toContain("vm dev is stopped: its log ends here");
    const numbers = stdout.match(/^\d{7}$/gm)?.map(Number) ?? [];
    expect(numbers.length).toBe(LAST - FIRST + 1);
    expect(numbers.every((number, index) => number === FIRST + index)).toBe(true);
    expect(stdout).toContain("banger-agent: power off");
    expect(await world.ok(["logs", "dev", "--source", "agent"])).toContain("banger-agent: power off");
  });
});

test("a guest's own journal is read and followed, over the daemon's death, to the guest's end", async () => {
  const { kernel } = await openGoods();
  await withWorld({}, async (world) => {
    await world.ok(["vm", "create", "dev", "--kernel", kernel, "--init", "systemd"]);
    // Who asks too early waits for the journal, and hears how to.
    const early = openTerminal('"$@" logs -f dev --source guest --since 1h', [BANGER], world.environment, { cols: 200, rows: 30 });
    const say = (word: string): Promise<string> => world.ok(["exec", "dev", "--", "sh", "-c", `echo ${word} | systemd-cat -t tester`]);
    // Until systemd has come so far that there is a journal.
    await world.ok(["exec", "dev", "--", "sh", "-c", "until [ -S /run/systemd/journal/stdout ] && journalctl -q -n 1; do sleep 0.2; done"]);
    await say("one");
    await world.ok(["exec", "dev", "--", "sh", "-c", "until journalctl -q -t tester | grep -q one; do sleep 0.2; done"]);
    const part = await world.json<{ text: string; cursor: string }>(["logs", "dev", "--source", "guest", "--tail", "500"]);
    expect(part.text).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z tester\[\d+\]: one$/m);
    await early.until(/ tester\[\d+\]: one/);
    expect(early.text.split("\n")[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z \S+: /);
    // So many lines of what came since, and so many bytes; what goes on behind a place is whole, however small its parts are.
    const logs = (...words: readonly string[]): Promise<string> => world.ok(["logs", "dev", "--source", "guest", ...words]);
    const all = await logs("--since", "1h");
    expect((await logs("--since", "1h", "--tail", "3")).split("\n").length - 1).toBe(3);
    expect(await logs("--since", new Date(Date.now() + 3_600_000).toISOString(), "-n", "3")).toBe("");
    const end = await logs("--bytes", "2K");
    expect(end.length).toBeWithin(1024, 2049);
    let parts = "";
    for (let place = ["--since", "1h"], count = 0; count < 1000 && parts.length < all.length; count += 1) {
      const next = await world.json<{ text: string; cursor: string; hasMore: boolean }>([
        ...["logs", "dev", "--source", "guest", "--bytes", "16K"],
        ...place,
      ]);
      parts += next.text;
      place = ["--cursor", next.cursor];
      if (!next.hasMore) break;
    }
    expect(parts).toStartWith(all);
    const line = `trap : INT; "$@" logs -f dev --source guest --cursor '${part.cursor}'; echo "code $?"`;
    const follower = openTerminal(line, [BANGER], world.environment, { cols: 200, rows: 30 });
    await say("two");
    await killDaemon(world);
    await say("three");
    await world.ok(["exec", "dev", "--", "sh", "-c", "until journalctl -q -t tester | grep -q three; do sleep 0.2; done"]);
    await follower.until(/\]: three/);
    await world.ok(["vm", "stop", "dev"]);
    await follower.until("code 0");
    expect(follower.text).toContain("vm dev is stopped: its log ends here");
    expect(follower.text.match(/ tester\[\d+\]: \w+/g)?.map((line) => line.split(": ")[1])).toEqual(["two", "three"]);
  });
});
