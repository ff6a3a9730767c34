/** Links in a real namespace of banger's, with real packets, in a small internet of the test's own, behind the firewalls of others. */
import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { processesOf, REPOSITORY } from "../support/world.ts";
import { openNetworkWorld, type NetworkWorld } from "./network-world.ts";

const PROBE = "test/host/network-probe.ts";
const SOMEBODY = 4242;

type Case = readonly [who: string, mode: "rooted" | "rootless", uid: number | undefined];
/** As root both modes can be had, and anybody be become. */
const CASES: readonly Case[] =
  process.getuid?.() === 0
    ? [
        ["root", "rooted", undefined],
        ["root who wants it so", "rootless", undefined],
        ["somebody else", "rootless", SOMEBODY],
      ]
    : [["a user", "rootless", undefined]];

describe("a hostile guest", () => {
  test.each(CASES)(
    "reaches what it may and nothing else, and others' firewalls stay as they are: %s",
    async (_who, mode, uid) => {
      await using world = await openNetworkWorld();
      await using undo = new AsyncDisposableStack();
      const home = mkdtempSync("/tmp/bgn-");
      undo.defer(() => rmSync(home, { recursive: true, force: true }));
      run(world, ["nft", "-f", join(import.meta.dir, "rule-sets/four-together.nft")]);
      const rules = run(world, ["nft", "list", "ruleset"]);
      expect(rules).toContain("DOCKER-USER");

      const command = uid === undefined ? [process.execPath, join(REPOSITORY, PROBE)] : become(world, home, uid);
      const found = JSON.parse(run(world, [...command, join(home, "h"), uid === undefined ? mode : "auto"]));

      expect(run(world, ["nft", "list", "ruleset"])).toBe(rules);
      expect(processesOf(home)).toEqual([]);
      expect(found).toMatchObject({
        modes: [mode, mode],
        guests: [
          { address: "198.19.0.2/30", gateway: "198.19.0.1", dns: ["198.19.255.53"], search: ["example.test"], mac: "52:54:00:13:00:00" },
          { address: "198.19.0.6/30", gateway: "198.19.0.5", mac: "52:54:00:13:00:01" },
        ],
        claims: ["0123456789aa", "0123456789bb"],
        after: [],
        remaining: 0,
      });
      const unanswered = Object.entries(found.answers).filter(([, answer]) => answer !== "accepted" && answer !== "datagram");
      expect(unanswered).toEqual([]);
      expect(found.there.filter(([, isThere]: readonly [string, boolean]) => !isThere)).toEqual([]);
      const passed = Object.entries(found.refused).filter(([, answer]) => !["silence", "refused", "forbidden"].includes(answer as string));
      expect(passed).toEqual([]);
      expect(Object.keys(found.refused).length).toBeGreaterThan(300);
      expect(found.strange).toEqual([]);
    },
    200_000,
  );
});

function run(world: NetworkWorld, command: readonly string[]): string {
  const [program = "", ...rest] = world.argv(command);
  return execFileSync(program, rest, { encoding: "utf8", timeout: 120_000 });
}

/**
 * The probe as somebody without rights, on a computer where everybody may use the device for TAPs. The checkout may lie where he may not
 * look, and so is shown to him elsewhere.
 */
function become(world: NetworkWorld, home: string, uid: number): readonly string[] {
  const repository = join(home, "repository");
  for (const folder of [repository, join(home, "h")]) mkdirSync(folder);
  for (const path of [home, join(home, "h")]) chownSync(path, uid, uid);
  run(world, ["mount", "--bind", REPOSITORY, repository]);
  run(world, ["mknod", "-m", "666", join(home, "tun"), "c", "10", "200"]);
  run(world, ["mount", "--bind", join(home, "tun"), "/dev/net/tun"]);
  const program = process.execPath.replace(REPOSITORY, repository);
  const identity = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--no-new-privs"];
  return ["setpriv", ...identity, "env", `HOME=${home}`, program, join(repository, PROBE)];
}
