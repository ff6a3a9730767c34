/** Thousands of catalogs and signatures that are not quite right: none is believed, and none leaves a trace. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CATALOG_MIGRATIONS, makeCatalogRows } from "../../src/catalog/catalogs/catalog-rows.ts";
import { makeCatalogs } from "../../src/catalog/catalogs/make-catalogs.ts";
import { formatCanonical } from "../../src/catalog/document/canonical.ts";
import { formatInstant } from "../../src/catalog/document/fields.ts";
import { openFetcher } from "../../src/catalog/fetch/open-fetcher.ts";
import { makeSigningKey, signContent } from "../../src/catalog/signing/signing-key.ts";
import { BangerError } from "../../src/contract/errors.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import { silentLog } from "./images-silent-log.ts";
import { isFull, makeChance, memoryOf, SEED } from "../support/seeded.ts";

setDefaultTimeout(600_000);

const folder = mkdtempSync("/tmp/bmc-");
afterAll(() => rmSync(folder, { recursive: true }));

const key = makeSigningKey();
const stranger = makeSigningKey();
const chance = makeChance();
const now = Date.now();
const entry = (name: string) => ({
  type: "kernel",
  name,
  distro: "banger",
  arch: "amd64",
  version: "6.12.117",
  description: "small",
  bundle: { url: `${name}-amd64-0123456789abcdef.tar.zst`, sha256: "0".repeat(64), bytes: 5 },
});
const document = {
  schema: 1,
  name: "acme",
  version: 7,
  issued: formatInstant(now),
  expires: formatInstant(now + 86_400_000),
  entries: ["alpha", "beta", "gamma"].map(entry),
};
const bytes = Buffer.from(formatCanonical(document));
const signature = signContent(bytes, key, "acme 7");

/** What is put in the places of `catalog.json` and its signature. */
interface Mutant {
  readonly bytes: Buffer;
  readonly signature: string | Buffer;
}

function flipped(content: Buffer): Buffer {
  const bad = Buffer.from(content);
  const at = chance.below(bad.length);
  bad[at] = (bad[at] ?? 0) ^ (1 << chance.below(8));
  return bad;
}

function cut(content: Buffer): Buffer {
  const from = chance.below(content.length);
  return chance.below(2) === 0
    ? content.subarray(0, from)
    : Buffer.concat([content.subarray(0, from), content.subarray(from + 1 + chance.below(9))]);
}

/** Signed by the right key, and still not to be taken. */
function wellSigned(text: string): Mutant {
  return { bytes: Buffer.from(text), signature: signContent(Buffer.from(text), key, "acme 7") };
}

const NAMES = ["Alpha", "alph\u0430", "al pha", "alpha\u202e", "-alpha", "alpha/..", "..", "", "a".repeat(200), "alpha\\u0000", "\u00e9"];
const FIELDS = ["schema", "name", "version", "issued", "expires", "entries"] as const;
const ODD = [null, 0, -1, 1.5, 2 ** 60, "", "7", [], {}, true, "\u202e", "2026-02-30T00:00:00Z", [null], { a: 1 }];

const MUTATIONS: Readonly<Record<string, () => Mutant>> = {
  "a bit of the list": () => ({ bytes: flipped(bytes), signature }),
  "a cut in the list": () => ({ bytes: cut(bytes), signature }),
  "a byte more": () => ({ bytes: Buffer.concat([bytes, chance.bytes(1 + chance.below(40))]), signature }),
  // The first line of a signature is for people, and nobody signs it.
  "a bit of the signature": () => {
    const start = signature.indexOf("\n") + 1;
    return {
      bytes,
      signature: Buffer.concat([Buffer.from(signature.slice(0, start)), flipped(Buffer.from(signature.slice(start).trimEnd()))]),
    };
  },
  "a cut in the signature": () => ({ bytes, signature: Buffer.from(signature).subarray(0, chance.below(signature.length - 100)) }),
  "nothing for a signature": () => ({ bytes, signature: "" }),
  "another key": () => ({ bytes, signature: signContent(bytes, stranger, "acme 7") }),
  "a signature of another list": () => ({ bytes, signature: signContent(flipped(bytes), key, "acme 7") }),
  "noise for both": () => ({ bytes: chance.bytes(200), signature: chance.bytes(200) }),
  "a key twice": () => {
    const field = chance.pick(FIELDS);
    return wellSigned(bytes.toString().replace(`"${field}":`, `"${field}": ${JSON.stringify(document[field])},\n  "${field}":`));
  },
  "an odd name": () => wellSigned(formatCanonical({ ...document, entries: [{ ...entry("alpha"), name: chance.pick(NAMES) }] })),
  "an odd value": () => {
    const [field, value] = [chance.pick(FIELDS), chance.pick(ODD)];
    // A list of nothing is a list.
    return wellSigned(formatCanonical({ ...document, [field]: field === "entries" && Array.isArray(value) ? [null] : value }));
  },
  "an unknown key": () => wellSigned(formatCanonical({ ...document, [chance.pick(["__proto__x", "constructor", "extra", "Name"])]: 1 })),
  "a missing key": () => {
    const { [chance.pick(FIELDS)]: _gone, ...rest } = document;
    return wellSigned(formatCanonical(rest));
  },
  "entries out of order": () => wellSigned(formatCanonical({ ...document, entries: [entry("beta"), entry("alpha")] })),
  "an entry twice": () => wellSigned(formatCanonical({ ...document, entries: [entry("alpha"), entry("alpha")] })),
  "another form": () =>
    wellSigned(
      chance.pick([
        JSON.stringify(document),
        `\ufeff${bytes.toString()}`,
        `${bytes.toString()}\n`,
        bytes.toString().replaceAll("\n", "\r\n"),
      ]),
    ),
  "an address of another kind": () => {
    const url = chance.pick([
      "ftp://x/y",
      "javascript:0",
      "https://u:p@x/y",
      "../../x",
      "/etc/passwd",
      "//x/y",
      "https://",
      "data:,x",
      "\u0000",
    ]);
    return wellSigned(formatCanonical({ ...document, entries: [{ ...entry("alpha"), bundle: { ...entry("alpha").bundle, url } }] }));
  },
};

test("no mutated catalog is believed", async () => {
  console.log(`BANGER_TEST_SEED=${SEED}`);
  const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: join(folder, "home") }, silentLog);
  await system.files.makeFolder(system.layout.roots.state);
  using database = system.databases.open(system.layout.database, CATALOG_MIGRATIONS);
  const catalogs = makeCatalogs({
    system,
    configured: [],
    rows: makeCatalogRows(database),
    fetcher: openFetcher(system, { proxies: {}, advice: "" }),
  });
  const path = join(folder, "catalog.json");
  const put = (mutant: Mutant): void => {
    writeFileSync(path, mutant.bytes);
    writeFileSync(`${path}.minisig`, mutant.signature);
  };
  const wanted = { name: "acme", url: path, keys: [key.public.text] };
  const context = {
    operationId: "o",
    signal: new AbortController().signal,
    stage: <T>(_name: string, body: (stage: { progress: () => void; note: () => void }) => Promise<T>) =>
      body({ progress: () => undefined, note: () => undefined }),
  };
  const add = () => catalogs.add(wanted, context);
  const update = () => catalogs.update("acme", context);
  // The one that they are all made from is good: what follows is refused for what was changed.
  put({ bytes, signature });
  await add();
  let known = JSON.stringify(catalogs.list());
  const kinds = Object.keys(MUTATIONS);
  const count = isFull ? 10_000 : 2000;
  const before = await memoryOf(process.pid);
  for (let done = 0; done < count; done += 1) {
    const kind = kinds[done % kinds.length] ?? "";
    const mutant = MUTATIONS[kind]?.() ?? { bytes, signature };
    put(mutant);
    const attempt = done % 2 === 0 ? update() : Promise.resolve(catalogs.remove("acme")).then(add);
    const refusal = await attempt.then(
      () => "believed",
      (error: unknown) => error,
    );
    if (!(refusal instanceof BangerError) || refusal.kind !== "refused")
      throw new Error(`mutant ${done} (${kind}): ${String(refusal)}\n${mutant.bytes.toString()}\n${String(mutant.signature)}`);
    if (done % 2 === 0) expect(JSON.stringify(catalogs.list())).toBe(known);
    else {
      expect(catalogs.list()).toEqual([]);
      put({ bytes, signature });
      await add();
      known = JSON.stringify(catalogs.list());
    }
  }
  expect((await memoryOf(process.pid)) - before).toBeLessThan(256 * 2 ** 20);
  expect(readdirSync(join(folder, "home")).toSorted()).toEqual(["state"]);
});
