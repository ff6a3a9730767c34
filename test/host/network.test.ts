/** A link by the real passt, in a small internet of the test's own. */
import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { INTERNET_ADDRESS, openNetworkWorld } from "./network-world.ts";

describe("a link", () => {
  test("leads out and to DNS, never to the host, and ends with its VMM", async () => {
    await using world = await openNetworkWorld();
    await using undo = new AsyncDisposableStack();
    const home = mkdtempSync("/tmp/bgn-");
    undo.defer(() => rmSync(home, { recursive: true, force: true }));
    const [program = "", ...rest] = world.argv([process.execPath, join(import.meta.dir, "network-probe.ts"), home]);
    const found = JSON.parse(execFileSync(program, rest, { encoding: "utf8", timeout: 60_000 }));

    expect(found).toMatchObject({
      mode: "passt",
      guest: { address: "10.0.2.15/24", gateway: "10.0.2.2", dns: [INTERNET_ADDRESS], search: ["example.test"], mac: "52:54:00:01:23:45" },
      strays: ["0123456789ab"],
      processes: 2,
      remaining: [],
    });
    const { [`tcp ${INTERNET_ADDRESS}`]: web, [`dns ${INTERNET_ADDRESS}`]: dns, ...hostile } = found.answers;
    expect({ web, dns }).toEqual({ web: "accepted", dns: "datagram" });
    expect(Object.entries(hostile).filter(([, answer]) => answer === "accepted" || answer === "datagram")).toEqual([]);
    expect(Object.keys(hostile)).toHaveLength(18);
  }, 90_000);
});
