/** `banger vm dial`: stdin and stdout joined to a port in a vm. What the guest's real agent does about it is in test/vm. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { openSync } from "node:fs";
import { openHome } from "./home.ts";

// Several programs start here, on computers that may be busy.
setDefaultTimeout(60_000);

async function openHomeWithVm() {
  const home = openHome();
  await home.banger(["vm", "create", "dev"]);
  return home;
}

test("bytes go both ways as they are, and the end of stdin reaches the port, which still answers", async () => {
  await using home = await openHomeWithVm();
  const child = Bun.spawn([...home.program, "vm", "dial", "dev", "80"], {
    env: home.variables,
    stdin: new Blob(["a".repeat(300_000), "\x00\x1b\xff"]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.bytes(), child.stderr.text(), child.exited]);
  const sent = new Blob(["a".repeat(300_000), "\x00\x1b\xff"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const said = Buffer.from(stdout).toString("latin1");
  expect(said.slice(0, 300_000)).toBe("A".repeat(300_000));
  expect(said.endsWith(String(sent.size))).toBe(true);
});

test("it ends when the other side has, though stdin goes on", async () => {
  await using home = await openHomeWithVm();
  const child = Bun.spawn([...home.program, "vm", "dial", "dev", "7"], { env: home.variables, stdin: "pipe", stdout: "pipe" });
  void child.stdin.write("bye\n");
  await child.stdin.flush();
  expect(await child.stdout.text()).toBe("BYE\n");
  expect(await child.exited).toBe(0);
});

test.each([
  [["vm", "dial", "dev", "9"], 1, /^error: cannot connect to port 9 in the guest/],
  [["vm", "dial", "nobody", "80"], 1, /^error: no vm is named `nobody`\ntry: banger ps\n/],
  [["vm", "dial", "dev", "0"], 2, /^error: PORT `0`: must be at least 1\n/],
  [["vm", "dial", "dev", "65536"], 2, /at most 65535/],
  [["vm", "dial", "dev", "http"], 2, /PORT takes a whole number/],
  [["vm", "dial", "dev"], 2, /PORT/],
] as const)("%p is refused", async (words, code, why) => {
  await using home = await openHomeWithVm();
  const ran = await home.banger([...words]);
  expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code, stdout: "" });
  expect(ran.stderr).toMatch(why);
});

test("there is no document of a connection", async () => {
  await using home = await openHomeWithVm();
  const ran = await home.banger(["vm", "dial", "dev", "80", "--json"]);
  expect(ran.code).toBe(2);
  expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code: "usage", hint: "banger vm ports dev --json" } });
});

test("a stdin that cannot be read fails, and is not taken for an empty one", async () => {
  await using home = await openHomeWithVm();
  const child = Bun.spawn([...home.program, "vm", "dial", "dev", "80"], {
    env: home.variables,
    stdin: openSync("/", "r"),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stderr, code] = await Promise.all([child.stderr.text(), child.exited]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: cannot read stdin: it is a folder\n.*the connection was ended/);
});
