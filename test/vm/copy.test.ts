/** Copies into and out of a real guest by the built binary, and copies that are cut off. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { allocatedBytes, tell, writeSparse } from "../host/copy-trees.ts";
import { openGoods } from "../support/goods.ts";
import { BANGER, closeWorld, openWorld, type World } from "../support/world.ts";

setDefaultTimeout(180_000);
const MIB = 2 ** 20;
/** Long enough to be cut off in the middle, on a quick computer too. */
const LARGE = 192 * MIB;

interface Copied {
  readonly files: number;
  readonly unchanged: number;
  readonly bytes: number;
  readonly problemCount: number;
}

let world: World;
const here = (path: string): string => join(world.folder, "here", path);
const exec = (script: string): Promise<string> => world.ok(["vm", "exec", "dev", "--", "sh", "-c", script]);
const cp = (...words: string[]): Promise<Copied> => world.json<Copied>(["cp", ...words]);

/** A copy that runs on while the test does something else. */
function start(words: readonly string[]): {
  readonly interrupt: () => void;
  readonly ended: Promise<{ code: number | null; stderr: string }>;
} {
  const child = spawn(BANGER, ["cp", ...words], { env: world.environment, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (part: Buffer) => (stderr += part.toString()));
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => child.once("close", (code) => resolve({ code, stderr })));
  return { interrupt: () => child.kill("SIGINT"), ended };
}

/** Waits until this much of a file has arrived. */
async function untilArrived(readSize: () => Promise<number>, bytes: number): Promise<void> {
  for (const deadline = Date.now() + 120_000; (await readSize()) < bytes; await Bun.sleep(20)) {
    if (Date.now() > deadline) throw new Error("it never arrived");
  }
}

beforeAll(async () => {
  const goods = await openGoods();
  world = await openWorld();
  mkdirSync(here(""));
  await world.ok(["vm", "create", "dev", "--kernel", goods.kernel, "--work-disk", "2G"]);
});
afterAll(async () => closeWorld(world));

describe("a real guest", () => {
  test("that loses its power right after a copy has it", async () => {
    mkdirSync(here("kept/deep"), { recursive: true });
    const content = randomBytes(MIB + 1);
    for (const name of ["kept/one", "kept/deep/two"]) writeFileSync(here(name), content);
    await cp(here("kept"), "dev:");
    await cp(here("kept"), "dev:/opt/");
    await world.ok(["vm", "kill", "dev"]);
    await world.ok(["vm", "start", "dev"]);
    const sums = await exec("cat /root/kept/one /root/kept/deep/two /opt/kept/one /opt/kept/deep/two | sha256sum");
    expect(sums).toBe(
      `${createHash("sha256")
        .update(Buffer.concat(Array(4).fill(content)))
        .digest("hex")}  -\n`,
    );
  });

  test("gets a tree and gives it back as it was", async () => {
    mkdirSync(here("tree/deep/er"), { recursive: true });
    writeFileSync(here("tree/program"), "#!/bin/sh\necho it runs\n", { mode: 0o755 });
    writeFileSync(here("tree/deep/er/new\nline"), "x");
    writeFileSync(here("tree/deep/large"), randomBytes(3 * MIB + 17));
    symlinkSync("../program", here("tree/deep/link"));
    writeSparse(here("tree/disk"), 512 * MIB, [
      [0, "begin"],
      [300 * MIB, "middle"],
    ]);
    await cp(here("tree"), "dev:");
    expect(await exec("/root/tree/deep/link; stat -c '%U:%G %a' /root/tree/program; du -m /root/tree/disk | cut -f1")).toMatch(
      /^it runs\nroot:root 755\n[01]\n$/,
    );
    expect(await cp("dev:tree/.", here("back"))).toMatchObject({ files: 4, problemCount: 0 });
    expect(tell(here("back"))).toEqual(tell(here("tree")));
    expect(allocatedBytes(here("back/disk"))).toBeLessThan(MIB);
    expect(await cp("--resume", here("tree"), "dev:")).toMatchObject({ files: 0, unchanged: 4, bytes: 0 });
    expect(await cp("--checksum", "dev:tree/.", here("back"))).toMatchObject({ files: 0, unchanged: 4, bytes: 0 });
  });

  test("gives what is asked for to the owner that is named", async () => {
    await cp("--owner", "daemon:users", here("tree/program"), "dev:/srv/");
    expect(await exec("stat -c '%U:%G' /srv/program")).toBe("daemon:users\n");
    await world.ok(["vm", "exec", "dev", "--", "rm", "/srv/program"]);
    const { code, stderr } = await world.banger(["cp", "--owner", "no-such-user", here("tree/program"), "dev:/srv/"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: there is no user "no-such-user" in the guest\ntry: banger exec dev -- cat /etc/passwd\n',
    });
  });

  test("tells of its devices and sends what is a file", async () => {
    const { code, stdout, stderr } = await world.banger(["cp", "dev:/dev/null", "dev:/etc/hostname", here("")]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "problem: /dev/null: it is a device, which is not copied\n" });
    expect(stdout).toMatch(/^copied 1 file .*; 1 problem\n$/);
    expect(readFileSync(here("hostname"), "utf8")).toBe("dev\n");
  });
});

describe("a copy that is cut off", () => {
  const part = ".banger-*.part";

  test("by Ctrl-C, on its way in, goes on where it was", async () => {
    const made = Bun.spawnSync(["sh", "-c", `head -c ${LARGE} /dev/urandom > "$0"`, here("large")]);
    expect(made.exitCode).toBe(0);
    const copying = start([here("large"), "dev:"]);
    await untilArrived(async () => Number(await exec(`stat -c %s /root/${part} 2>/dev/null || echo 0`)), MIB);
    copying.interrupt();
    expect(await copying.ended).toEqual({
      code: 130,
      stderr: "error: the copy was cancelled\ntry: what arrived is kept: repeat the copy with --resume\n",
    });
    expect(await exec("ls /root/large 2>/dev/null || echo none")).toBe("none\n");
    const copied = await cp("--resume", here("large"), "dev:");
    expect(copied).toMatchObject({ files: 1, problemCount: 0 });
    expect(copied.bytes).toBeLessThan(LARGE);
    const [sum = ""] = (await exec("sha256sum /root/large")).split(" ");
    expect(Bun.spawnSync(["sha256sum", here("large")]).stdout.toString()).toStartWith(sum);
    expect(await exec(`ls -A /root/${part} 2>/dev/null || echo none`)).toBe("none\n");
  });

  test("by the death of the daemon, on its way out, goes on where it was, and the vm lives", async () => {
    mkdirSync(here("out"));
    const copying = start(["dev:large", here("out")]);
    const arrived = async (): Promise<number> => {
      const [name] = readdirSync(here("out"));
      return name === undefined ? 0 : statSync(join(here("out"), name)).size;
    };
    await untilArrived(arrived, 4 * MIB);
    process.kill(world.daemonPid() ?? 0, "SIGKILL");
    expect(await copying.ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("try: what arrived is kept: repeat the copy with --resume\n"),
    });
    expect(existsSync(here("out/large"))).toBe(false);
    const copied = await cp("--resume", "dev:large", here("out"));
    expect(copied).toMatchObject({ files: 1, problemCount: 0 });
    expect(copied.bytes).toBeLessThan(LARGE);
    expect(Bun.spawnSync(["cmp", here("large"), here("out/large")]).exitCode).toBe(0);
    expect(readdirSync(here("out"))).toEqual(["large"]);
  });
});
