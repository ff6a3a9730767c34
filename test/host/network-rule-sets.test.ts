/** Links on computers where others have set up their firewall: each stays as it is, byte for byte, and guests reach what the host does. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { processesOf, REPOSITORY } from "../support/world.ts";
import { openNetworkWorld, type NetworkWorld } from "./network-world.ts";

setDefaultTimeout(120_000);

const FOLDER = join(import.meta.dir, "rule-sets");
const MODE = process.getuid?.() === 0 ? "rooted" : "rootless";
/** What keeps the host in: the guest is kept in, too, but for what is the host's own. */
const KEPT_IN = ["no-way-out", "vpn-down"];
/** Wants a part of the kernel that many are built without. */
const FLOWTABLE = "flowtable";
const STEPS = ["before", "claimed", "used", "granted", "withdrawn", "released", "closed"];

let world: NetworkWorld;
let home: string;
const run = (command: readonly string[], input = ""): string => {
  const [program = "", ...rest] = world.argv(command);
  return execFileSync(program, rest, { encoding: "utf8", timeout: 60_000, input, stdio: ["pipe", "pipe", "pipe"] });
};
const load = (name: string): void => {
  run(["nft", "flush", "ruleset"]);
  run(["nft", "-f", join(FOLDER, `${name}.nft`)]);
};
const live = () => {
  const said = run([process.execPath, join(REPOSITORY, "test/host/network-life.ts"), join(home, "h"), MODE]);
  const { rules, answers, remaining } = JSON.parse(said) as {
    readonly rules: Readonly<Record<string, string>>;
    readonly answers: Readonly<Record<string, boolean>>;
    readonly remaining: number;
  };
  expect(Object.keys(rules)).toEqual(STEPS);
  // As the test itself has seen it, and not empty: somebody is there.
  expect(rules["before"]).toContain("table ");
  for (const step of STEPS) expect(`${step}: ${rules[step]}`).toBe(`${step}: ${rules["before"]}`);
  expect(run(["nft", "-s", "list", "ruleset"])).toBe(rules["before"] ?? "");
  expect(remaining).toBe(0);
  expect(processesOf(home)).toEqual([]);
  return answers;
};
const all = { internet: true, "internet by UDP": true, names: true, "a port of the host": true, "the local network": true };

const NAMES = readdirSync(FOLDER)
  .map((name) => basename(name, ".nft"))
  .filter((name) => !KEPT_IN.includes(name) && name !== FLOWTABLE);

describe("behind the rules of others, which stay as they are, a guest reaches what it may", () => {
  beforeAll(async () => {
    world = await openNetworkWorld();
    home = mkdtempSync("/tmp/bgr-");
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    rmSync(home, { recursive: true, force: true });
  });

  test.each(NAMES)("%s", (name) => {
    load(name);
    expect(live()).toEqual(all);
  });

  test(`${FLOWTABLE}, or the kernel has none`, () => {
    run(["nft", "flush", "ruleset"]);
    const probe = 'table ip probe {\n flowtable f {\n hook ingress priority 0\n devices = { "up0" }\n }\n}\n';
    let refused = "";
    try {
      run(["nft", "-f", "-"], probe);
    } catch (error) {
      refused = String(error);
    }
    if (refused === "") {
      load(FLOWTABLE);
      expect(live()).toEqual(all);
    } else {
      // The same kernel refuses the file for the same reason.
      expect(refused).toContain("No such file or directory");
      expect(() => load(FLOWTABLE)).toThrow("No such file or directory");
    }
  });

  test.each(KEPT_IN)("%s keeps the host in, and the guest with it, but for what is the host's own", (name) => {
    load(name);
    const asked = ["timeout", "2", "bash", "-c", "exec 3<>/dev/tcp/198.51.100.1/80"];
    expect(() => run(asked)).toThrow();
    expect(live()).toEqual({ ...all, internet: false, "internet by UDP": false, "the local network": false });
    // It was the rules.
    run(["nft", "flush", "ruleset"]);
    run(asked);
  });

  test("there are twenty of them and more", () => {
    expect(NAMES.length).toBeGreaterThanOrEqual(20);
  });
});
