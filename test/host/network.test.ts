/** Links in a real namespace of banger's, with real packets, in a small internet of the test's own. */
import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { processesOf } from "../support/world.ts";
import { openNetworkWorld } from "./network-world.ts";

/** As root both can be had. */
const MODES = process.getuid?.() === 0 ? ["rooted", "rootless"] : ["rootless"];

describe("a hostile guest", () => {
  test.each(MODES)(
    "reaches what it may and nothing else: %s",
    async (mode) => {
      await using world = await openNetworkWorld();
      await using undo = new AsyncDisposableStack();
      const home = mkdtempSync("/tmp/bgn-");
      undo.defer(() => rmSync(home, { recursive: true, force: true }));
      const [program = "", ...rest] = world.argv([process.execPath, join(import.meta.dir, "network-probe.ts"), home, mode]);
      const found = JSON.parse(execFileSync(program, rest, { encoding: "utf8", timeout: 120_000 }));

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
      expect(Object.keys(found.refused).length).toBeGreaterThan(90);
      expect(found.heard).toEqual({ bold: [], meek: [] });
    },
    200_000,
  );
});
