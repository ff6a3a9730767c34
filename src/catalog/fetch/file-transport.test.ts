import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { makeJsonLog } from "../../system/json-log.ts";
import { makeSystem } from "../../system/make-system.ts";
import { addressOf } from "../catalogs/address-of.ts";
import { makeFileTransport } from "./file-transport.ts";

const home = mkdtempSync("/tmp/bft-");
const { signal } = new AbortController();
const transport = makeFileTransport(makeSystem({ BANGER_HOME: home }, makeJsonLog(2)), "use another");
const open = (path: string) => transport.open(pathToFileURL(path).href, 0, signal);
afterAll(() => rmSync(home, { recursive: true }));

test("a file that cannot be looked at is told by its path", async () => {
  const path = join(home, "x".repeat(300));
  await expect(open(path)).rejects.toMatchObject({ code: "file_unusable", hint: `ls -ld ${path}, or use another` });
  // Below what is no folder there is nothing.
  await expect(open("/etc/passwd/catalog.json")).rejects.toMatchObject({ kind: "unavailable", code: "mirror_lacks_file" });
});

test("a file that went before it was read is told by its path", async () => {
  const path = join(home, "file");
  writeFileSync(path, "x");
  const { body } = await open(path);
  rmSync(path);
  await expect(Array.fromAsync(body)).rejects.toMatchObject({ code: "file_unusable" });
});

test.each(["file:///tmp/a%00b.json", "file://host/tmp/b.json", "file:///tmp/a%2fb.json"])("%s is no path of this computer", async (url) => {
  await expect(transport.open(url, 0, signal)).rejects.toMatchObject({ code: "file_unusable" });
  expect(() => addressOf(url)).toThrow(expect.objectContaining({ code: "bad_catalog_address" }));
});
