import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { makeJsonLog } from "../../system/json-log.ts";
import { makeSystem } from "../../system/make-system.ts";
import { shortenLogs } from "./shorten-logs.ts";

test("a log that has grown too long loses its beginning on disk, and no offset changes", async () => {
  const home = mkdtempSync("/tmp/banger-shorten-");
  try {
    const system = makeSystem({ BANGER_HOME: home }, makeJsonLog(2));
    const [vmm, network] = [system.layout.vmmLog("0123456789ab"), system.layout.networkLog];
    await system.files.makeFolder(system.layout.vmFolder("0123456789ab"));
    await system.files.makeFolder(system.layout.network);
    const text = Buffer.from(Array.from({ length: 200_000 }, (_, line) => `${String(line).padStart(9, "0")}\n`).join(""));
    await system.files.write(vmm, text);
    await system.files.write(network, "short");
    await shortenLogs(system, "0123456789ab");
    expect(statSync(vmm).size).toBe(text.length);
    expect(statSync(vmm).blocks * 512).toBeLessThan(2 ** 20);
    const first = await system.files.firstData(vmm);
    expect(first).toBeGreaterThan(2 ** 20);
    expect((await system.files.readRange(vmm, first, text.length)).equals(text.subarray(first))).toBe(true);
    expect(readFileSync(network, "utf8")).toBe("short");
  } finally {
    rmSync(home, { recursive: true });
  }
});
