import { afterAll, expect, test } from "bun:test";
import { lstatSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeJsonLog } from "../../system/json-log.ts";
import { makeSystem } from "../../system/make-system.ts";
import { makeKeyFiles } from "./make-key-files.ts";
import { signDocument } from "./sign-document.ts";

const home = mkdtempSync("/tmp/bsd-");
const system = makeSystem({ BANGER_HOME: home }, makeJsonLog(2));
afterAll(() => rmSync(home, { recursive: true }));

test("a document that is a link or a pipe is not signed, and stays what it is", async () => {
  const at = (name: string): string => join(home, name);
  await makeKeyFiles(system, at("acme.key"));
  writeFileSync(at("real.json"), `{"schema":1,"name":"acme","entries":[]}`);
  symlinkSync("real.json", at("link.json"));
  Bun.spawnSync(["mkfifo", at("pipe.json")]);
  const before = readdirSync(home);
  const sign = (name: string) =>
    signDocument(system, {
      path: at(name),
      secretKeyPath: at("acme.key"),
      validForMs: 86_400_000,
      askPassword: () => Promise.reject(new Error("it has none")),
    });
  for (const name of ["link.json", "pipe.json"]) await expect(sign(name)).rejects.toMatchObject({ code: "file_unusable" });
  expect(lstatSync(at("link.json")).isSymbolicLink()).toBe(true);
  expect(readdirSync(home)).toEqual(before);
  expect(await sign("real.json")).toMatchObject({ version: 1 });
});
