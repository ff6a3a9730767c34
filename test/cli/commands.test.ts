import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openHome, readUntil } from "./home.ts";

// Dozens of programs start here, on computers that may be busy.
setDefaultTimeout(30_000);

describe("the daemon", () => {
  test("is started by the first command that needs it, and that is said once", async () => {
    await using home = openHome();
    expect(await home.banger(["ps"])).toEqual({
      code: 0,
      stdout: "NAME  STATE  IMAGE  CPUS  MEMORY  NETWORK  CREATED\n",
      stderr: "started the banger daemon\n",
    });
    expect((await home.banger(["ps"])).stderr).toBe("");
  });

  test("is started once by commands that come at the same time", async () => {
    await using home = openHome();
    const all = await Promise.all(Array.from({ length: 5 }, () => home.banger(["ps", "--json"])));
    for (const { code, stdout } of all) expect({ code, stdout }).toEqual({ code: 0, stdout: '{"vms":[]}\n' });
    // Whoever started it says so.
    expect(all.map(({ stderr }) => stderr).join("")).toBe("started the banger daemon\n");
  });

  test("can be asked for, started and stopped, each twice", async () => {
    await using home = openHome();
    expect(await home.banger(["daemon", "status"])).toMatchObject({ code: 3, stdout: expect.stringContaining("no daemon runs") });
    expect(await home.banger(["daemon", "start"])).toMatchObject({ code: 0, stdout: expect.stringContaining("started the daemon") });
    expect(await home.banger(["daemon", "start"])).toMatchObject({ code: 0, stdout: expect.stringContaining("runs already") });
    expect(JSON.parse((await home.banger(["daemon", "status", "--json"])).stdout)).toMatchObject({ running: true, version: "0.1.0" });
    expect(await home.banger(["daemon", "stop"])).toMatchObject({ code: 0, stdout: expect.stringContaining("stopped the daemon") });
    expect(await home.banger(["daemon", "stop"])).toMatchObject({ code: 0, stdout: "no daemon runs\n" });
  });

  test("that cannot start says why", async () => {
    await using home = openHome();
    await Bun.write(`${home.path}/config/config.toml`, "default_imag = 1");
    const { code, stderr } = await home.banger(["ps"]);
    expect(code).toBe(1);
    expect(stderr).toContain("line 1: default_imag: there is no such key");
  });
});

describe("vms", () => {
  test("are created, listed, shown, stopped and deleted", async () => {
    await using home = openHome();
    const created = await home.banger(["vm", "create", "dev", "--memory", "2G", "--cpus", "3"]);
    expect(created).toMatchObject({ code: 0, stdout: "vm dev is running; open a shell with: banger shell dev\n" });
    expect(created.stderr).toMatch(/\ndisk {2}\d+ ms {2}\(from the pool\)\nboot {2}\d+ ms\nnote: no KVM here/);
    expect((await home.banger(["ps"])).stdout.split("\n")[1]).toMatch(/^dev   running  debian-bookworm  3     2 GiB   none     \d+ s ago$/);
    expect(JSON.parse((await home.banger(["vm", "show", "dev", "--json"])).stdout)).toMatchObject({ name: "dev", memoryMiB: 2048 });
    expect(await home.banger(["rm", "dev"])).toMatchObject({ code: 1, stderr: expect.stringContaining("try: banger rm --force dev") });
    expect(await home.banger(["stop", "dev", "--grace", "1s"])).toMatchObject({ code: 0, stdout: "vm dev is stopped\n" });
    expect(await home.banger(["rm", "dev"])).toMatchObject({ code: 0, stdout: "deleted vm dev\n" });
  });

  test("are paused and resumed, and a paused one says how to go on", async () => {
    await using home = openHome();
    await home.banger(["vm", "create", "dev"]);
    expect((await home.banger(["pause", "dev"])).stdout).toBe("vm dev is paused; let it go on with: banger resume dev\n");
    expect((await home.banger(["ps"])).stdout).toMatch(/^dev +paused/m);
    expect((await home.banger(["resume", "dev"])).stdout).toBe("vm dev is running; open a shell with: banger shell dev\n");
  });

  test("have labels, and are found by them", async () => {
    await using home = openHome();
    await home.banger(["vm", "create", "a", "--label", "team=blue", "--label", "owner=me"]);
    await home.banger(["vm", "create", "b", "--label", "team=red", "--no-start"]);
    expect((await home.banger(["vm", "show", "a"])).stdout).toMatch(/^labels +team=blue owner=me$/m);
    const names = async (...argv: string[]): Promise<string> => (await home.banger(["ps", "-q", ...argv])).stdout;
    expect(await names()).toBe("a\nb\n");
    expect(await names("--filter", "label=team=red")).toBe("b\n");
    expect(await names("--filter", "label=team", "--filter", "state=running")).toBe("a\n");
    expect(await names("--filter", "name=?", "--filter", "state=paused")).toBe("");
    expect(JSON.parse((await home.banger(["ps", "--json", "-q", "--filter", "label=owner"])).stdout)).toMatchObject({
      vms: [{ name: "a" }],
    });
    expect(await home.banger(["ps", "--filter", "colour=red"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--filter: there is no filter by"),
    });
    expect(await home.banger(["vm", "create", "--label", "a b=c"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--label: the key of a label has"),
    });
    const long = await home.banger(["vm", "create", "--label", `a=${"x".repeat(257)}`]);
    expect(long).toMatchObject({ code: 2, stderr: expect.stringContaining("at most 256 bytes") });
    const many = Array.from({ length: 65 }, (_, index) => ["--label", `k${index}=`]).flat();
    expect(await home.banger(["vm", "create", ...many])).toMatchObject({ code: 2, stderr: expect.stringContaining("at most 64 labels") });
  });

  test("are changed and renamed, and what waits for the next start is said", async () => {
    await using home = openHome();
    await home.banger(["vm", "create", "dev", "--cpus", "1"]);
    expect((await home.banger(["set", "dev", "--label", "a=b"])).stdout).toBe("changed vm dev\n");
    expect((await home.banger(["set", "dev", "--label", "a-", "--cpus", "2"])).stdout).toBe(
      "changed vm dev\ntakes effect at the next start: cpus 2\ntry: banger vm stop dev && banger vm start dev\n",
    );
    expect(JSON.parse((await home.banger(["vm", "show", "dev", "--json"])).stdout)).toMatchObject({ labels: {}, cpus: 2 });
    expect(await home.banger(["set", "dev"])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: there is nothing to change$/m),
    });
    expect(await home.banger(["set", "dev", "--env", "A"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("KEY- to take it away"),
    });
    expect((await home.banger(["rename", "dev", "prod"])).stdout).toContain("the vm is called prod now\n");
    expect((await home.banger(["ps", "-q"])).stdout).toBe("prod\n");
  });

  test("are shown with everything, aligned", async () => {
    await using home = openHome();
    const words = ["vm", "create", "dev", "--env", "A=1", "--label", "team=blue", "--wait-for", "tcp:80", "--wait-for", "command:true"];
    await home.banger(words);
    await home.banger(["set", "dev", "--cpus", "4"]);
    const { stdout } = await home.banger(["vm", "show", "dev"]);
    expect(stdout).toMatch(/^root disk +1 GiB, 4 KiB of it in use$/m);
    expect(stdout).toMatch(/^pid +1\ncreated +\d+ s ago\nup +for \d+ s$/m);
    expect(stdout).toContain("\nFROM THE NEXT START ON  NOW  THEN\ncpus                    2    4\n");
    expect(stdout).toContain("\nLAST START  TOOK\nboot        1.2 s\nguest       30 ms\nin all      1.2 s\n");
    expect(stdout).toContain("\nREADY WHEN    STATE  AFTER\ntcp:80        met    12 ms\ncommand:true  met    12 ms\n");
    const shown = JSON.parse((await home.banger(["vm", "show", "dev", "--json"])).stdout) as object;
    expect(shown).toMatchObject({ labels: { team: "blue" }, pending: [{ what: "cpus" }], requirements: [{ name: "tcp:80" }, {}] });
    expect(await home.banger(["vm", "create", "--wait-for", "8080"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is nothing to wait for; write tcp:PORT"),
    });
    expect(await home.banger(["vm", "create", "--wait-timeout", "2h"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--wait-timeout"),
    });
  });

  test("that have no network are told from those that get one at their next start", async () => {
    await using home = openHome();
    await home.banger(["vm", "create", "in"]);
    await home.banger(["vm", "create", "out", "--nat"]);
    const networks = async (): Promise<readonly string[]> => {
      const list = (await home.banger(["ps"])).stdout.trimEnd().split("\n").slice(1);
      const shown = await Promise.all(["in", "out"].map(async (name) => (await home.banger(["vm", "show", name])).stdout));
      return [...list.map((line) => line.split(/ {2,}/)[5] ?? ""), ...shown.map((text) => /^network +(.*)$/m.exec(text)?.[1] ?? "")];
    };
    expect(await networks()).toEqual(["none", "198.19.0.2/30", "none", "rootless, 198.19.0.2/30, you are not root, and need not be"]);
    await home.banger(["stop", "out"]);
    expect(await networks()).toEqual(["none", "nat", "none", "nat, from its next start on"]);
    await home.banger(["network", "create", "shop"]);
    await home.banger(["vm", "create", "near", "--network", "shop", "--no-start"]);
    expect((await home.banger(["ps"])).stdout).toMatch(/^near .* {2}shop {2}/m);
    expect((await home.banger(["vm", "show", "near"])).stdout).toMatch(/^network +in network shop, from its next start on$/m);
    await home.banger(["vm", "create", "new", "--no-start"]);
    expect((await home.banger(["vm", "show", "new"])).stdout).toMatch(/^driver +fake, not started yet$/m);
  });

  test("with systemd say that it goes on starting, unless that was waited for", async () => {
    await using home = openHome();
    const { stdout } = await home.banger(["vm", "create", "dev", "--init", "systemd"]);
    expect(stdout).toMatch(/^vm dev is running; .*\nsystemd goes on starting in it; this waits for it: banger exec dev -- sh -c /);
    await home.banger(["stop", "dev"]);
    expect((await home.banger(["start", "dev"])).stdout).toContain("systemd goes on starting");
    const waited = await home.banger(["vm", "create", "two", "--init", "systemd", "--wait-for", "unit:multi-user.target"]);
    expect(waited.stdout).toBe("vm two is running; open a shell with: banger shell two\n");
    expect((await home.banger(["vm", "create", "three"])).stdout).not.toContain("systemd");
  });

  test("several are handled at once, and one mistyped does not keep the others", async () => {
    await using home = openHome();
    for (const name of ["a", "b"]) await home.banger(["vm", "create", name]);
    const { code, stdout, stderr } = await home.banger(["rm", "-f", "a", "nope", "b"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "deleted vm a\ndeleted vm b\n" });
    expect(stderr).toContain("no vm is named `nope`");
  });
});

describe("exit codes", () => {
  test.each([
    [["vm", "show", "nobody"], 1, "no vm is named `nobody`\ntry: banger ps"],
    [["vm", "create", "--memroy", "1G"], 2, "there is no flag --memroy\ndid you mean --memory?"],
    [["vm", "create", "--cpus", "0"], 2, "--cpus: "],
    [["vm", "create", "--", "-"], 2, "error: NAME `-`: a vm name has 1 to 63"],
    [["vm", "create", "Dev"], 2, "error: NAME `Dev`: a vm name has 1 to 63"],
    [["vm", "create", "--name", "Dev"], 2, "error: --name: a vm name has 1 to 63"],
    [["vm", "create", "0123456789ab"], 2, "NAME `0123456789ab`: a vm name is not 12 hex digits, as an id is"],
    [["frobnicate"], 2, "there is no command `banger frobnicate`"],
    [["exec", "nobody", "--", "true"], 125, "no vm is named `nobody`"],
  ])("banger %p ends with %d", async (argv, code, part) => {
    await using home = openHome();
    const ended = await home.banger(argv);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(part);
    expect(ended.stdout).toBe("");
  });
});

test("words of other tools, and words at the wrong place, are answered with what is meant", async () => {
  await using home = openHome();
  for (const [argv, hint] of [
    [["create", "dev"], "did you mean banger vm create?"],
    [["list"], "did you mean banger vm list?"],
    [["delete", "dev"], "did you mean banger vm delete?"],
    [["images"], "did you mean banger image list?"],
    [["status"], "did you mean banger daemon status?"],
    [["image", "inspect"], "did you mean banger image show?"],
    [["vm", "inspect", "x"], "did you mean banger vm show?"],
    [["run", "dev", "--", "true", "x"], "try: banger vm run --name dev -- true x"],
    [["run", "echo", "hi"], "try: put the command for the vm after --, as in: banger vm run -- echo hi"],
  ] as const) {
    const { code, stdout, stderr } = await home.banger(argv);
    expect({ argv, code, stdout, hint: stderr.trimEnd().split("\n").at(-1) }).toEqual({ argv, code: 2, stdout: "", hint });
  }
});

describe("--json", () => {
  test("gives one document, for failures too", async () => {
    await using home = openHome();
    const created = await home.banger(["vm", "create", "dev", "--json"]);
    expect(JSON.parse(created.stdout)).toMatchObject({ name: "dev", state: "running" });
    const failed = await home.banger(["vm", "show", "nobody", "--json"]);
    expect(failed).toMatchObject({ code: 1, stderr: "" });
    expect(JSON.parse(failed.stdout)).toEqual({
      error: { code: "vm_not_found", kind: "not_found", message: "no vm is named `nobody`", hint: "banger ps" },
    });
    const usage = await home.banger(["vm", "create", "--json", "--cpus", "x"]);
    expect(usage.code).toBe(2);
    expect(JSON.parse(usage.stdout)).toMatchObject({ error: { code: "usage" } });
    const several = await home.banger(["rm", "--json", "-f", "dev", "nobody"]);
    expect(JSON.parse(several.stdout)).toMatchObject([{ vm: "dev" }, { vm: "nobody", error: { code: "vm_not_found" } }]);
  });

  test("may stand before the command, and holds for help and for what is no command", async () => {
    await using home = openHome();
    const read = async (...argv: string[]): Promise<unknown> => {
      const { stdout, stderr } = await home.banger(argv);
      expect(stderr).toBe("");
      return JSON.parse(stdout);
    };
    await home.banger(["daemon", "start"]);
    expect(await read("--json", "ps")).toEqual({ vms: [] });
    expect(await read("--json", "vm", "show", "nobody")).toMatchObject({ error: { code: "vm_not_found" } });
    for (const argv of [["--json"], ["help", "--json"], ["vm", "--json"], ["ps", "--json", "--help"], ["--json", "help", "exec"]]) {
      expect(await read(...argv)).toEqual({ help: expect.stringContaining("usage: banger") });
    }
    expect(await read("frobnicate", "--json")).toMatchObject({
      error: { code: "usage", message: "there is no command `banger frobnicate`" },
    });
    expect(await read("--json", "--version")).toEqual({ version: "0.1.0" });
  });

  test("is told by help where it is not one document", async () => {
    await using home = openHome();
    const briefOf = async (...words: string[]): Promise<string> =>
      /^ +--json {2,}(.*)/m.exec((await home.banger([...words, "--help"])).stdout)?.[1] ?? "";
    expect(await briefOf("ps")).toBe("one JSON document on stdout");
    expect(await briefOf("operation", "events")).toBe("a JSON document a line, as it comes");
    expect(await briefOf("logs")).toContain("with -f one a line");
    expect(await briefOf("rm")).toContain("a list of them where several are named");
  });

  test("has nothing to follow of an operation after its last event", async () => {
    await using home = openHome();
    await home.banger(["vm", "create", "dev"]);
    const { operations } = JSON.parse((await home.banger(["operation", "list", "--json"])).stdout) as {
      operations: readonly { id: string }[];
    };
    const id = operations[0]?.id ?? "";
    const all = (await home.banger(["operation", "events", id, "--json"])).stdout.trimEnd().split("\n");
    expect((await home.banger(["operation", "events", id, "--from", String(all.length - 1), "--json"])).stdout).toBe(`${all.at(-1)}\n`);
    expect(await home.banger(["operation", "events", id, "--from", "99"])).toEqual({
      code: 1,
      stdout: "",
      stderr: "error: there is no event 99: the operation has ended, and has not so many\n",
    });
  });

  test("gives what a command wrote as a document", async () => {
    await using home = openHome();
    await home.banger(["vm", "create", "dev"]);
    const { code, stdout } = await home.banger(["exec", "--json", "dev", "--", "warn", "a b"]);
    expect({ code, document: JSON.parse(stdout) as unknown }).toEqual({ code: 0, document: { code: 0, stdout: "", stderr: "a b\n" } });
  });
});

describe("text from guests", () => {
  const hostile = "\x1b]0;owned\x07\x1b[2J\u202egpj.exe\u200b\x9b31m";
  const isSafe = (text: string): boolean => !/[^\P{Cc}\n\t]|\p{Cf}/u.test(text);

  test("is escaped wherever it is shown", async () => {
    await using home = openHome({ FAKE_CONSOLE: `boot\r\n${hostile}\nlogin:` });
    await home.banger(["vm", "create", "dev", "--env", `A=${hostile}`]);
    const logs = (await home.banger(["logs", "dev"])).stdout;
    expect(logs).toBe("boot\n\\x1b]0;owned\\x07\\x1b[2J\\u{202e}gpj.exe\\u{200b}\\x9b31m\nlogin:\n");
    for (const argv of [
      ["vm", "show", "dev"],
      ["logs", "dev"],
      ["exec", "dev", "--", hostile],
      ["vm", "show", hostile],
      ["operation", "list"],
    ]) {
      const { stdout, stderr } = await home.banger(argv);
      expect(isSafe(stdout + stderr)).toBe(true);
      const [command = "", ...rest] = argv;
      const noun = command === "exec" || command === "logs" ? [command] : [command, rest.shift() ?? ""];
      const document = await home.banger([...noun, "--json", ...rest]);
      expect(isSafe(document.stdout + document.stderr)).toBe(true);
      expect(() => JSON.parse(document.stdout) as unknown).not.toThrow();
    }
    const said = await home.banger(["exec", "--json", "dev", "--", "echo", hostile]);
    expect(JSON.parse(said.stdout)).toEqual({ code: 0, stdout: `${hostile}\n`, stderr: "" });
  });
});

describe("logs", () => {
  test("are followed to their end, which is told", async () => {
    await using home = openHome({ FAKE_CONSOLE: "one\r\r\ntwo\r" });
    await home.banger(["vm", "create", "dev"]);
    const ended = { code: 0, stderr: "vm dev is stopped: its log ends here\n" };
    expect(await home.banger(["logs", "-f", "dev"])).toEqual({ ...ended, stdout: "one\ntwo\\x0d\n" });
    expect(await home.banger(["vm", "follow", "dev", "--from", "6"])).toEqual({ ...ended, stdout: "two\\x0d\n" });
    const lines = (await home.banger(["logs", "-f", "dev", "--json"])).stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { source: "console", text: "one\r\r\ntwo\r", offset: 0, endOffset: 10, firstOffset: 0, logEndOffset: 10 },
      { ended: "stopped", name: "dev" },
    ]);
  });

  test.each([
    [["--since", "yesterday"], '--since: "yesterday" is no moment; write it like 10m'],
    [["--since", "10m", "--from", "3"], "--from and --since exclude each other"],
    [["--cursor", "x", "--tail", "3"], "--cursor and --tail exclude each other"],
    [["--source", "guess"], "did you mean guest?"],
    [["--from", "-1"], "--from: "],
  ])("%p is refused", async (words, part) => {
    await using home = openHome();
    await home.banger(["vm", "create", "dev"]);
    expect(await home.banger(["logs", "dev", ...words])).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(part) });
  });
});

describe("Ctrl-C", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("as %s cancels the operation, tells which, and ends with %d", async (signal, code) => {
    await using home = openHome();
    for (const words of [
      ["vm", "create"],
      ["run", "--name"],
    ]) {
      const child = home.start([...words, "dev", "--image", "slow"]);
      const before = await readUntil(child.stderr, (text) => text.includes("disk"));
      child.kill(signal);
      expect(await child.exited).toBe(code);
      const said = before + (await readUntil(child.stderr, () => false));
      expect(said).toEndWith("error: vm create dev was cancelled\n");
      expect(said.includes("cancelling; Ctrl-C again leaves it to the daemon")).toBe(signal !== "SIGHUP");
      expect(said).not.toContain("note:");
      const { operations } = JSON.parse((await home.banger(["operation", "list", "--json"])).stdout) as { operations: readonly unknown[] };
      expect(operations[0]).toMatchObject({ name: "vm.create", subject: "dev", state: "cancelled" });
    }
  });

  test("pressed twice leaves at once, and the operation is cancelled all the same", async () => {
    await using home = openHome();
    const child = home.start(["vm", "create", "dev", "--image", "stubborn"]);
    await readUntil(child.stderr, (text) => text.includes("disk"));
    child.kill("SIGINT");
    await readUntil(child.stderr, (text) => text.includes("cancelling"));
    child.kill("SIGINT");
    expect(await child.exited).toBe(130);
    const { operations } = JSON.parse((await home.banger(["operation", "list", "--json"])).stdout) as {
      operations: readonly { id: string }[];
    };
    const followed = await home.banger(["operation", "events", operations[0]?.id ?? ""]);
    expect(followed.code).toBe(1);
    expect(followed.stdout).toContain("note: asked to stop");
    expect(followed.stdout).toContain("failed: vm create dev was cancelled");
  });
});

describe("help", () => {
  test("is there for all, for a noun and for a verb, also with --help after other words", async () => {
    await using home = openHome();
    expect(await home.banger([])).toMatchObject({ code: 0, stdout: expect.stringContaining("usage: banger COMMAND") });
    expect((await home.banger(["vm"])).stdout).toContain("vm create");
    expect((await home.banger(["vm", "--help"])).stdout).toContain("vm create");
    const create = (await home.banger(["vm", "create", "--nat", "--help"])).stdout;
    for (const part of ["usage: banger vm create [FLAGS] [NAME]", "--work-disk SIZE", "--no-start", "examples:"])
      expect(create).toContain(part);
    expect(create.replaceAll(/\s+/g, " ")).toContain("(one of auto, agent, systemd, openrc, runit, s6, busybox, image; default auto)");
    expect((await home.banger(["help", "exec"])).stdout).toContain("-- COMMAND...");
  });
});
