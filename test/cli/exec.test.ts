import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHash, randomBytes } from "node:crypto";
import { openHome, readUntil } from "./home.ts";

// Dozens of programs start here, on computers that may be busy.
setDefaultTimeout(30_000);

async function openHomeWithVm() {
  const home = openHome();
  await home.banger(["vm", "create", "dev"]);
  return home;
}
const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

test("a stdin that cannot be read fails, and is not taken for an empty one", async () => {
  await using home = await openHomeWithVm();
  const child = Bun.spawn([...home.program, "exec", "-i", "dev", "--", "cat"], {
    env: home.variables,
    stdin: openSync("/", "r"),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect({ code, stdout }).toEqual({ code: 125, stdout: "" });
  expect(stderr).toMatch(/^error: cannot read stdin: it is a folder\n/);
});

test("a file as stdin is read from where the program before has left it", async () => {
  await using home = await openHomeWithVm();
  const path = join(home.path, "lines");
  writeFileSync(path, "first\nsecond\nthird\n");
  const child = Bun.spawn(["sh", "-c", 'read line; "$@"', "sh", ...home.program, "exec", "-i", "dev", "--", "cat"], {
    env: home.variables,
    stdin: Bun.file(path),
    stdout: "pipe",
  });
  expect(await child.stdout.text()).toBe("second\nthird\n");
  expect(await child.exited).toBe(0);
});

describe("a second Ctrl-C", () => {
  test("leaves a command that does not mind the first, and an ephemeral vm goes all the same", async () => {
    await using home = openHome();
    const child = home.start(["run", "--ephemeral", "--name", "brief", "--", "deaf"]);
    const read = readerOf(child.stdout);
    await read("ready\n");
    child.kill("SIGINT");
    await read("heard 2\n");
    child.kill("SIGINT");
    expect(await child.exited).toBe(130);
    expect(JSON.parse((await home.banger(["ps", "--json"])).stdout)).toEqual({ vms: [] });
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGQUIT", 131],
  ] as const)("or a second %s leaves, too", async (signal, code) => {
    await using home = await openHomeWithVm();
    const child = home.start(["exec", "dev", "--", "deaf"]);
    const read = readerOf(child.stdout);
    await read("ready\n");
    child.kill(signal);
    await read(`heard ${code - 128}\n`);
    child.kill(signal);
    expect(await child.exited).toBe(code);
  });

  test("is not waited for at SIGHUP", async () => {
    await using home = await openHomeWithVm();
    const child = home.start(["exec", "-i", "dev", "--", "deaf"]);
    await readerOf(child.stdout)("ready\n");
    child.kill("SIGHUP");
    expect(await child.exited).toBe(129);
  });

  test("leaves a vm that is kept as it is", async () => {
    await using home = await openHomeWithVm();
    const child = home.start(["exec", "dev", "--", "deaf"]);
    const read = readerOf(child.stdout);
    await read("ready\n");
    child.kill("SIGINT");
    await read("heard 2\n");
    child.kill("SIGINT");
    expect(await child.exited).toBe(130);
    expect(await home.banger(["exec", "dev", "--", "exit", "3"])).toMatchObject({ code: 3 });
  });
});

/** Reads on until the text since the last reading ends so. */
function readerOf(stream: ReadableStream<Uint8Array>): (end: string) => Promise<void> {
  const reader = stream.getReader();
  return async (end) => {
    for (let text = ""; !text.endsWith(end);) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`ended after ${JSON.stringify(text)}`);
      text += new TextDecoder().decode(value);
    }
  };
}

describe("exec", () => {
  test.each([
    [["echo", "a  b"], { code: 0, stdout: "a  b\n", stderr: "" }],
    [["warn", "oops"], { code: 0, stdout: "", stderr: "oops\n" }],
    [["exit", "7"], { code: 7, stdout: "", stderr: "" }],
    [["die", "9"], { code: 137, stdout: "", stderr: "" }],
    [["nope"], { code: 127, stdout: "", stderr: "error: cannot run the command in the vm: nope: not found\n" }],
  ])("%p passes output and exit code on", async (argv, ended) => {
    await using home = await openHomeWithVm();
    expect(await home.banger(["exec", "dev", "--", ...argv])).toEqual(ended);
  });

  test("refuses words beyond 1 MiB, and takes many below that", async () => {
    await using home = await openHomeWithVm();
    const word = "x".repeat(120_000);
    const many = await home.banger(["exec", "dev", "--", "exit", "3", ...Array.from({ length: 8 }, () => word)]);
    expect(many).toMatchObject({ code: 3, stderr: "" });
    const tooMany = await home.banger(["exec", "dev", "--", "echo", ...Array.from({ length: 9 }, () => word)]);
    expect(tooMany).toMatchObject({ code: 125, stdout: "" });
    expect(tooMany.stderr).toBe(
      "error: cannot run the command: its words and environment have more than 1 MiB\ntry: give what is long on stdin, with -i, or in a file in the vm\n",
    );
    // The refusal of a vm that is not there is read past the words that nobody took.
    const nowhere = await home.banger(["exec", "nowhere", "--", "echo", ...Array.from({ length: 8 }, () => word)]);
    expect(nowhere.stderr).toStartWith("error: no vm is named `nowhere`\n");
  });

  test("sets environment, folder and user", async () => {
    await using home = await openHomeWithVm();
    expect((await home.banger(["exec", "-e", "A=1 2", "dev", "env", "A"])).stdout).toBe("1 2\n");
    expect((await home.banger(["exec", "--cwd", "/srv", "--user", "www:www", "dev", "where"])).stdout).toBe("/srv www:www\n");
  });

  test("leaves stdin alone unless -i is given", async () => {
    await using home = await openHomeWithVm();
    expect((await home.banger(["exec", "dev", "cat"], { stdin: "x" })).stdout).toBe("");
    expect((await home.banger(["exec", "-i", "dev", "cat"], { stdin: "x" })).stdout).toBe("x");
  });

  test("carries much in both directions, unchanged", async () => {
    await using home = await openHomeWithVm();
    const bytes = randomBytes(20 * 2 ** 20);
    const child = home.start(["exec", "-i", "dev", "cat"]);
    const written = (async () => {
      await child.stdin.write(bytes);
      await child.stdin.end();
    })();
    const [output, code] = await Promise.all([child.stdout.bytes(), child.exited, written]);
    expect({ code, sha256: sha256(output) }).toEqual({ code: 0, sha256: sha256(bytes) });
  });

  test("waits for a slow reader without keeping what it has not read", async () => {
    await using home = await openHomeWithVm();
    const shell = Bun.spawn(["sh", "-c", `"$@" | (sleep 1; wc -c)`, "sh", ...home.program, "exec", "dev", "bytes", "30000000"], {
      env: home.variables,
      stdout: "pipe",
    });
    expect((await shell.stdout.text()).trim()).toBe("30000000");
  });

  test("ends when its reader goes away", async () => {
    await using home = await openHomeWithVm();
    const shell = Bun.spawn(["sh", "-c", `"$@" | head -c 5`, "sh", ...home.program, "exec", "dev", "bytes", "300000000"], {
      env: home.variables,
      stdout: "pipe",
    });
    expect(await shell.stdout.text()).toBe("xxxxx");
    expect(await shell.exited).toBe(0);
  });

  test("passes signals on, and the command's way of ending back", async () => {
    await using home = await openHomeWithVm();
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      const child = home.start(["exec", "-i", "dev", "wait"]);
      await readUntil(child.stdout, (text) => text.includes("ready"));
      child.kill(signal);
      expect(await child.exited).toBe(code);
    }
  });

  test("with -t needs a terminal, and says so", async () => {
    await using home = await openHomeWithVm();
    const ended = await home.banger(["exec", "-it", "dev", "size"], { stdin: "" });
    expect(ended).toMatchObject({ code: 125, stderr: "error: cannot give the command a terminal: stdin is not one\ntry: leave out -t\n" });
  });
});

describe("run", () => {
  test("creates, runs, passes the code on, and deletes what is ephemeral", async () => {
    await using home = openHome();
    expect(await home.banger(["run", "--ephemeral", "--name", "once", "--", "exit", "9"])).toMatchObject({
      code: 9,
      stdout: "",
      stderr: expect.stringMatching(/^disk {2}\d+ ms {2}\(from the pool\)\nboot {2}\d+ ms$/m),
    });
    const document = await home.banger(["run", "--json", "--ephemeral", "--name", "once", "--", "exit", "9"]);
    expect(document).toEqual({
      code: 9,
      stdout: '{"code":9,"stdout":"","stderr":""}\n',
      stderr: "note: no KVM here: QEMU emulates the CPU\n",
    });
    expect(JSON.parse((await home.banger(["ps", "--json"])).stdout)).toEqual({ vms: [] });
  });

  test("keeps the vm otherwise, and without a command tells what can be done with it", async () => {
    await using home = openHome();
    expect((await home.banger(["run", "--name", "dev"])).stdout).toContain("banger shell dev");
    expect((await home.banger(["run", "--name", "two", "--", "echo", "x"])).stdout).toBe("x\n");
    expect((JSON.parse((await home.banger(["ps", "--json"])).stdout) as { vms: unknown[] }).vms).toHaveLength(2);
  });

  test("fails as banger's own failure when the vm cannot be made", async () => {
    await using home = openHome();
    expect(await home.banger(["run", "--image", "broken", "--", "true"])).toMatchObject({
      code: 125,
      stderr: expect.stringContaining("try: banger image pull broken"),
    });
    expect(await home.banger(["run", "--ephemeral"])).toMatchObject({ code: 125, stderr: expect.stringContaining("debian-bookworm") });
    await home.banger(["image", "pull", "debian-bookworm"]);
    expect((await home.banger(["run", "--ephemeral"])).code).toBe(2);
    expect(JSON.parse((await home.banger(["ps", "--json"])).stdout)).toEqual({ vms: [] });
  });

  test("runs what the image is for, with what was typed, and otherwise where that is said", async () => {
    await using home = openHome();
    for (const image of ["web", "shell"]) await home.banger(["image", "pull", image]);
    const run = async (image: string, ...words: readonly string[]): Promise<string> =>
      (await home.banger(["run", "--image", image, "--name", `vm-${words.length}-${image}`, ...words])).stdout;
    expect(await run("web")).toBe("entry serve all of it\n");
    expect(await run("web", "--", "check")).toBe("entry check\n");
    expect(await run("web", "--ephemeral")).toBe("entry serve all of it\n");
    expect(await run("web", "--entrypoint", "", "--", "echo", "mine")).toBe("mine\n");
    expect(await run("web", "--user", "me", "--cwd", "/srv", "--entrypoint", "where")).toBe("/srv me\n");
    expect(await run("shell")).toContain("banger shell vm-0-shell");
    expect((await home.banger(["run", "--image", "shell", "--ephemeral"])).stderr).toContain("needs something to do");
    expect((await home.banger(["vm", "show", "vm-0-web"])).stdout).toMatch(
      /^user +web\nfolder +\/srv\nentrypoint +echo entry\ncommand +serve 'all of it'$/m,
    );
    expect((await home.banger(["image", "show", "shell"])).stdout).toMatch(/^command +sh$/m);
  });
});
