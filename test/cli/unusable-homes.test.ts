/** A home that cannot be one: every command says so, and what to type. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openHome } from "./home.ts";

setDefaultTimeout(30_000);

test.each(["/dev/null", "/proc/nope", "FILE", "LONG"])("BANGER_HOME=%s is refused, with another one to set", async (where) => {
  await using home = openHome();
  writeFileSync(join(home.path, "file"), "");
  const path = where === "FILE" ? join(home.path, "file") : where === "LONG" ? join(home.path, "n".repeat(300)) : where;
  for (const words of [["ps"], ["daemon", "start"], ["daemon", "run"]]) {
    const { code, stdout, stderr } = await home.banger(words, { variables: { BANGER_HOME: path } });
    expect({ words, code, stdout }).toEqual({ words, code: 1, stdout: "" });
    expect(stderr).toMatch(/^error: cannot use the (run )?folder .*\ntry: .*BANGER_HOME/m);
    expect(stderr).not.toContain("bug");
  }
});

test("a database that is none is named, and what keeps the disks of the vms", async () => {
  await using home = openHome();
  const state = join(home.path, "state");
  mkdirSync(state, { mode: 0o700 });
  writeFileSync(join(state, "banger.db"), Buffer.alloc(8192, "random bytes"));
  // The daemon of this banger has its rooms in memory: it is doctor, by itself, who opens what is on disk.
  const { code, stderr } = await home.banger(["doctor"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: cannot open the database .*banger\.db: it is damaged: file is not a database\ntry: .*mv /m);
});
