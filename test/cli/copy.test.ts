import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openHome, type Home } from "./home.ts";

// Dozens of programs start here, on computers that may be busy.
setDefaultTimeout(30_000);

interface Place extends AsyncDisposable {
  readonly home: Home;
  /** A folder of this computer, and the one that the guest sees. */
  readonly here: string;
  readonly guest: string;
}

async function openPlace(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), "banger-copy-"));
  const [here, guest] = [join(folder, "here"), join(folder, "guest")];
  for (const each of [here, guest]) mkdirSync(each);
  const home = openHome({ FAKE_GUEST: guest });
  await home.banger(["vm", "create", "dev"]);
  return {
    home,
    here,
    guest,
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

describe("cp", () => {
  test("copies into a vm and out of it, and says what it did", async () => {
    await using place = await openPlace();
    const { home, here, guest } = place;
    mkdirSync(join(here, "src"));
    writeFileSync(join(here, "src/a.txt"), "hello");
    symlinkSync("a.txt", join(here, "src/link"));
    const into = await home.banger(["cp", join(here, "src"), "dev:copied"]);
    expect(into).toEqual({ code: 0, stdout: expect.stringMatching(/^copied 1 file, 1 folder, 1 link \(5 B\) in \d+ m?s\n$/), stderr: "" });
    expect(readFileSync(join(guest, "copied/a.txt"), "utf8")).toBe("hello");
    const out = await home.banger(["vm", "cp", "-r", "dev:copied/.", "dev:copied/a.txt", here]);
    expect(out).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(here).toSorted()).toEqual(["a.txt", "link", "src"]);
    const again = await home.banger(["cp", "--resume", "dev:copied/a.txt", here]);
    expect(again.stdout).toMatch(/^copied 0 files \(0 B\) in .*; 1 file unchanged\n$/);
  });

  test("takes paths from where it is called", async () => {
    await using place = await openPlace();
    writeFileSync(join(place.here, "a.txt"), "hello");
    const child = Bun.spawn([...place.home.program, "cp", "a.txt", "dev:"], { cwd: place.here, env: place.home.variables, stdout: "pipe" });
    expect(await child.exited).toBe(0);
    expect(readFileSync(join(place.guest, "a.txt"), "utf8")).toBe("hello");
  });

  test("names what it left out, escaped, does the rest and ends with 1", async () => {
    await using place = await openPlace();
    const { home, here, guest } = place;
    writeFileSync(join(guest, "good"), "good");
    Bun.spawnSync(["mkfifo", join(guest, "pi\u001b[2Jpe\n")]);
    const { code, stdout, stderr } = await home.banger(["cp", "dev:.", here]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^copied 1 file \(4 B\) in .*; 1 problem\n$/);
    expect(stderr).toMatch(/^problem: .*\/pi\\x1b\[2Jpe\\x0a: it is a FIFO, which is not copied\n$/);
    expect(readFileSync(join(here, "good"), "utf8")).toBe("good");
  });

  test("says how a file is copied whose name is no text", async () => {
    await using place = await openPlace();
    const odd = Buffer.concat([Buffer.from(`${place.here}/`), Buffer.from([0xff])]);
    writeFileSync(odd, "x");
    const line = `"$@" cp "${place.here}"/$(printf '\\377') dev:`;
    const child = Bun.spawn(["sh", "-c", line, "sh", ...place.home.program], { env: place.home.variables, stdout: "pipe", stderr: "pipe" });
    expect(await child.exited).toBe(1);
    expect(await child.stderr.text()).toEndWith("what has a name that is not UTF-8 is copied with the folder that it lies in\n");
    expect(await place.home.banger(["cp", `${place.here}/.`, "dev:"])).toMatchObject({ code: 0 });
    expect(readdirSync(place.guest, { encoding: "buffer" })).toEqual([Buffer.from([0xff])]);
  });

  test("--json gives one document", async () => {
    await using place = await openPlace();
    writeFileSync(join(place.here, "a.txt"), "hello");
    const { code, stdout, stderr } = await place.home.banger([
      "cp",
      "--json",
      join(place.here, "a.txt"),
      join(place.here, "none"),
      "dev:.",
    ]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      files: 1,
      unchanged: 0,
      folders: 0,
      links: 0,
      bytes: 5,
      problems: [{ code: "not_found", path: join(place.here, "none"), message: "there is no such file or folder" }],
      problemCount: 1,
      elapsedMs: expect.any(Number),
    });
  });

  test.each([
    [["a", "b"], "error: one side must be in a vm, written NAME:PATH\ntry: banger cp a NAME:b\n"],
    [["dev:a", "dev:b"], "error: cannot copy from vm to vm\ntry: copy to this computer first, and from here to the other vm\n"],
    [["a"], "error: DST is missing: where to, NAME:PATH for one in a vm\ntry: banger vm cp --help\n"],
    [["-", "dev:"], "error: cp copies from and to files, not - (a file of that name is ./-)\ntry: banger exec NAME -- tar c PATH\n"],
    [
      ["--owner", "x", "dev:a", "."],
      "error: --owner is for what is copied into a vm: what comes out of it belongs to you\ntry: banger vm cp --help\n",
    ],
  ])("%p is wrong usage", async (words, stderr) => {
    await using home = openHome();
    expect(await home.banger(["cp", ...words])).toEqual({ code: 2, stdout: "", stderr });
  });

  test("says which vm is not there or does not run, and which folder", async () => {
    await using place = await openPlace();
    const { home, here } = place;
    expect((await home.banger(["cp", "nowhere:x", here])).stderr).toStartWith("error: no vm is named `nowhere`\n");
    expect(await home.banger(["cp", here, "dev:no/such/place"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/there is no folder .*\ntry: banger exec dev -- mkdir -p no\/such\n$/),
    });
    expect((await home.banger(["cp", here, "dev:~/src"])).stderr).toEndWith(
      "\ntry: DST without the ~, which is no more than a name there: dev:src\n",
    );
    expect(await home.banger(["cp", "dev:x", join(here, "no/such/place")])).toMatchObject({
      code: 1,
      stderr: `error: cannot copy to ${here}/no/such/place: there is no folder ${here}/no/such\ntry: mkdir -p ${here}/no/such\n`,
    });
    await home.banger(["stop", "dev"]);
    expect(await home.banger(["cp", here, "dev:"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/it is stopped\ntry: banger start dev\n$/),
    });
  });

  test("ends at Ctrl-C, keeps what arrived, and says how to go on", async () => {
    await using place = await openPlace();
    const child = place.home.start(["cp", "dev:slow", place.here]);
    const part = (): string | undefined => readdirSync(place.here).find((name) => statSync(join(place.here, name)).size > 0);
    for (const deadline = Date.now() + 20_000; part() === undefined && Date.now() < deadline;) await Bun.sleep(10);
    child.kill("SIGINT");
    expect(await child.exited).toBe(130);
    expect(await child.stderr.text()).toBe("error: the copy was cancelled\ntry: what arrived is kept: repeat the copy with --resume\n");
    expect(existsSync(join(place.here, "slow"))).toBe(false);
    expect(part()).toMatch(/^\.banger-[0-9a-f]{16}\.part$/);
  });

  test("tells of a daemon that dies in the middle", async () => {
    await using place = await openPlace();
    const { pid } = JSON.parse((await place.home.banger(["daemon", "status", "--json"])).stdout) as { pid: number };
    const child = place.home.start(["cp", "dev:slow", place.here]);
    for (const deadline = Date.now() + 20_000; readdirSync(place.here).length === 0 && Date.now() < deadline;) await Bun.sleep(10);
    process.kill(pid, "SIGKILL");
    expect(await child.exited).toBe(1);
    expect(await child.stderr.text()).toBe(
      "error: the copy was broken off: the vm or the daemon has gone away\ntry: what arrived is kept: repeat the copy with --resume\n",
    );
  });
});
