/** `banger vm forward` and `--publish`, as they are typed and shown. That bytes go through is in test/vm. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { openHome } from "./home.ts";

// Several programs start here, on computers that may be busy.
setDefaultTimeout(60_000);

test("what is forwarded is shown by who adds it, by show and by ps", async () => {
  await using home = openHome();
  await home.banger(["vm", "create", "dev", "-p", "8080:80", "--publish", "[::1]:5353:53/udp"]);
  const added = await home.banger(["forward", "dev", "0.0.0.0:9090:90", "7070:70"]);
  const rows = ["127.0.0.1:8080 +port 80 in the vm +tcp", "\\[::1\\]:5353 +port 53 in the vm +udp", "0.0.0.0:9090 +port 90 in the vm +tcp"];
  expect(added).toMatchObject({ code: 0, stderr: "" });
  for (const row of [...rows, "127.0.0.1:7070 +port 70 in the vm +tcp"]) expect(added.stdout).toMatch(new RegExp(row));
  await home.banger(["vm", "forward", "dev", "-R", "5432:5432"]);
  expect((await home.banger(["vm", "show", "dev"])).stdout).toMatch(/port 5432 in the vm +127\.0\.0\.1:5432 +tcp/);
  const { stdout } = await home.banger(["ps"]);
  expect(stdout).toMatch(/ PORTS/);
  expect(stdout).toContain("8080:80 [::1]:5353:53/udp 0.0.0.0:9090:90 7070:70 5432->127.0.0.1:5432");
  const removed = await home.banger(["forward", "dev", "8080:80", "--remove", "--json"]);
  expect(removed.stdout).not.toContain("8080");
});

test.each([
  [["forward", "dev"], /PORTS/],
  [["forward", "dev", "80"], /^error: PORTS `80`: "80" is no forward; write \[ADDRESS:\]HOST:GUEST\[\/udp\]/],
  [["forward", "dev", "localhost:80:80"], /names "localhost", which is no IP address/],
  [["forward", "dev", "--reverse", "53:53/udp"], /only TCP goes the other way/],
  [["forward", "dev", "--reverse", "0:53"], /the other way leads to a port of this computer, which 0 is not/],
  [["vm", "create", "x", "--publish", "80:80:80"], /--publish.*names "80", which is no IP address/],
] as const)("%p is refused", async (words, why) => {
  await using home = openHome();
  await home.banger(["vm", "create", "dev"]);
  const ran = await home.banger([...words]);
  expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 2, stdout: "" });
  expect(ran.stderr).toMatch(why);
});
