/**
 * Publishing into a catalog on a disk that fills up, at its signature or at itself: the disk is told, who reads it believes it as it was, and once
 * there is room the same words are done. The disk is real, in a mount namespace of the test's own.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { signDocument } from "../../src/catalog/signing/sign-document.ts";
import { openNamespaces } from "../support/namespaces.ts";
import { entryOf, openPublisher } from "../support/publishing.ts";
import { ACCESS, openFakeS3 } from "./fake-s3.ts";
import { startPublisher } from "./start-publisher.ts";

setDefaultTimeout(120_000);

const PAGE_BYTES = 4096;
/** So many entries that the list takes more pages than its signature. */
const ENTRIES = 60;

test.each([
  ["nothing", 0],
  ["the signature alone", 1],
  ["the signature and a part of the list", 3],
])("on a disk that has room for %s, publishing tells it and the catalog stays as it was", async (_what, pages) => {
  await using s3 = openFakeS3({});
  using us = await openPublisher({ ...ACCESS, AWS_ENDPOINT_URL: s3.endpoint });
  us.bundle("small");
  const entries = Array.from({ length: ENTRIES }, (_, at) => ({
    ...entryOf(`other-${at}`),
    bundle: { url: `other-${at}.tar.zst`, sha256: "0".repeat(64), bytes: 1 },
  }));
  writeFileSync(us.at("catalog.json"), JSON.stringify({ schema: 1, name: "acme", entries }));
  const askPassword = (): Promise<string> => Promise.reject(new Error("asked for a password"));
  await signDocument(us.system, { path: us.at("catalog.json"), secretKeyPath: us.at("acme.key"), validForMs: 86_400_000, askPassword });
  const little = us.at("little");
  mkdirSync(little);
  const files = `${us.at("catalog.json")} ${us.at("catalog.json.minisig")}`;
  await using inside = await openNamespaces(["--mount"], `mount -t tmpfs -o size=1m tmpfs ${little} && cp ${files} ${little}`);
  const argv = (command: readonly string[]): readonly string[] => inside.argv(command);
  const run = (script: string): string => {
    const { stdout, stderr, exitCode } = Bun.spawnSync([...argv(["sh", "-ec", script])]);
    if (exitCode !== 0) throw new Error(stderr.toString());
    return stdout.toString().trim();
  };
  const content = (name: string): Buffer => readFileSync(join(inside.inside(little), name));
  const before = content("catalog.json");
  expect(before.length).toBeGreaterThan(3 * PAGE_BYTES);
  const used = Number(run(`df --output=used -k ${little} | tail -n 1`)) * 1024;
  run(`mount -o remount,size=${used + pages * PAGE_BYTES} ${little}`);

  const publish = () => startPublisher(us, s3, { names: ["small"], catalog: join(little, "catalog.json"), argv }).ended;
  const { code, said } = await publish();
  expect({ code, said }).toMatchObject({
    code: 1,
    said: expect.stringMatching(
      new RegExp(`cannot write ${little}/catalog.json${pages === 0 ? ".minisig" : ""}: the disk that holds ${little} is full`),
    ),
  });
  expect(readdirSync(inside.inside(little)).toSorted()).toEqual(["catalog.json", "catalog.json.minisig"]);
  expect(content("catalog.json")).toEqual(before);
  expect(us.believe(before, content("catalog.json.minisig")).entries).toHaveLength(ENTRIES);
  expect(readdirSync(little)).toEqual([]);

  run(`mount -o remount,size=1m ${little}`);
  expect(await publish()).toMatchObject({ code: 0, said: "" });
  expect(us.believe(content("catalog.json"), content("catalog.json.minisig")).entries).toHaveLength(ENTRIES + 1);
});
