/** Catalogs that are added and updated over a server that does what an attacker would: 14 ways, each refused, with what was believed before kept. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSystem } from "../../system/make-system.ts";
import type { Log } from "../../system/log.ts";
import { formatCanonical } from "../document/canonical.ts";
import { formatInstant } from "../document/fields.ts";
import { openFetcher } from "../fetch/open-fetcher.ts";
import { makeSigningKey, signContent, type SigningKey } from "../signing/signing-key.ts";
import { joinSignatures } from "../signing/signature-file.ts";
import type { Catalogs } from "../catalog.ts";
import { CATALOG_MIGRATIONS, makeCatalogRows } from "./catalog-rows.ts";
import type { ConfiguredCatalog } from "./configured.ts";
import { makeCatalogs } from "./make-catalogs.ts";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const DAY_MS = 24 * 3_600_000;
const [root, otherRoot, daily, otherDaily, stranger] = [1, 2, 3, 4, 5].map(() => makeSigningKey()) as [
  SigningKey,
  SigningKey,
  SigningKey,
  SigningKey,
  SigningKey,
];
const context = {
  signal: new AbortController().signal,
  stage: <T>(_name: string, body: (stage: { note: () => void; progress: () => void }) => Promise<T>): Promise<T> =>
    body({ note: () => undefined, progress: () => undefined }),
} as unknown as Parameters<Catalogs["update"]>[1];

/** What the server has, by path. */
let served = new Map<string, Uint8Array | (() => ReadableStream)>();
/** Its answer to what it does not have. */
let lacking = 404;
let server: Bun.Server<undefined>;
let nowMs: number;
let folder: string;
let catalogs: Catalogs;
let path: string;

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const found = served.get(new URL(request.url).pathname);
      if (found === undefined) return new Response("no", { status: lacking });
      return new Response(typeof found === "function" ? found() : Buffer.from(found));
    },
  });
  folder = mkdtempSync(join(tmpdir(), "banger-catalogs-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await server.stop(true);
});
beforeEach(() => {
  served = new Map();
  lacking = 404;
  nowMs = Date.UTC(2026, 10, 26, 12);
  path = join(folder, `${Math.random()}.db`);
  catalogs = open();
});

/** As the next daemon would open it. */
function open(configured: readonly ConfiguredCatalog[] = []): Catalogs {
  const real = makeSystem({ BANGER_HOME: join(folder, "home") }, silent);
  const system = { ...real, clock: { ...real.clock, nowMs: () => nowMs } };
  const fetcher = openFetcher(system, { proxies: {}, advice: "ask", retryDelaysMs: [], stallMs: 5000 });
  return makeCatalogs({ system, configured, rows: makeCatalogRows(real.databases.open(path, CATALOG_MIGRATIONS)), fetcher });
}

interface Wanted {
  readonly version?: number;
  readonly name?: string;
  readonly keys?: readonly SigningKey[];
  readonly validForMs?: number;
  readonly entries?: readonly string[];
}

const times = (validForMs: number) => ({ issued: formatInstant(nowMs), expires: formatInstant(nowMs + validForMs) });

/** Puts a document and its signatures where the server finds them. */
function put(name: string, document: unknown, keys: readonly SigningKey[]): void {
  const bytes = Buffer.from(formatCanonical(document));
  served.set(`/${name}`, bytes);
  const signatures = keys.reduce<string>(
    (text, key) => (text === "" ? signContent(bytes, key, "t") : joinSignatures(split(text), signContent(bytes, key, "t"))),
    "",
  );
  if (keys.length > 0) served.set(`/${name}.minisig`, Buffer.from(signatures));
}

const split = (text: string): readonly string[] => text.trimEnd().split(/\n(?=untrusted)/);

function putCatalog({ version = 1, name = "acme", keys = [root], validForMs = 30 * DAY_MS, entries = ["one"] }: Wanted = {}): void {
  const described = entries.map((entry) => ({
    type: "kernel",
    name: entry,
    distro: "banger",
    arch: "amd64",
    description: `version ${version}`,
    build: { version: "6.12" },
  }));
  put("catalog.json", { schema: 1, name, version, ...times(validForMs), entries: described }, keys);
}

interface Keys {
  readonly version: number;
  readonly roots?: readonly SigningKey[];
  readonly releases?: readonly SigningKey[];
  readonly signers?: readonly SigningKey[];
  readonly validForMs?: number;
  readonly as?: string;
}

function putKeys({
  version,
  roots = [root],
  releases = [daily],
  signers = roots,
  validForMs = 365 * DAY_MS,
  as = "keys.json",
}: Keys): void {
  const lines = (keys: readonly SigningKey[]): readonly string[] => keys.map((key) => key.public.text);
  const document = { schema: 1, name: "acme", version, ...times(validForMs), roots: lines(roots), threshold: 1, releases: lines(releases) };
  put(as, document, signers);
}

const add = (): Promise<unknown> =>
  catalogs.add({ name: "acme", url: `http://127.0.0.1:${server.port}/`, keys: [root.public.text] }, context);
const update = (): Promise<unknown> => catalogs.update("acme", context);
const known = () => catalogs.list()[0];

describe("a catalog", () => {
  test("is added, updated, kept over daemons, and removed", async () => {
    putCatalog();
    await add();
    expect(known()).toMatchObject({
      name: "acme",
      accepted: { version: 1 },
      url: `http://127.0.0.1:${server.port}/catalog.json`,
      problem: undefined,
    });
    await expect(add()).rejects.toMatchObject({ code: "catalog_exists" });
    putCatalog({ version: 2, entries: ["one", "two"] });
    await update();
    catalogs = open();
    expect(known()?.accepted).toMatchObject({ version: 2, entries: [{ name: "one" }, { name: "two" }] });
    await update();
    catalogs.remove("acme");
    expect(catalogs.list()).toEqual([]);
    expect(() => catalogs.remove("acme")).toThrow("none of that name was added");
    await expect(update()).rejects.toMatchObject({ code: "catalog_not_found" });
  });

  test("may lie on this computer", async () => {
    putCatalog();
    const place = join(folder, "published");
    mkdirSync(place, { recursive: true });
    for (const [name, bytes] of served) writeFileSync(join(place, name), bytes as Uint8Array);
    for (const url of [place, `file://${place}/catalog.json`]) {
      await catalogs.add({ name: "acme", url, keys: [root.public.text] }, context);
      catalogs.remove("acme");
    }
  });

  test.each(["ftp://x/catalog.json", "https://me:secret@x/", "nowhere", "", "https://x/catalog.json?v=1"])(
    "at %p is refused before anything is fetched",
    async (url) => {
      const adding = catalogs.add({ name: "acme", url, keys: [root.public.text] }, context);
      await expect(adding).rejects.toMatchObject({ code: "bad_catalog_address" });
    },
  );

  test("cannot have the name of the one inside the program", async () => {
    const adding = catalogs.add({ name: "banger", url: "/srv/catalog.json", keys: [root.public.text] }, context);
    await expect(adding).rejects.toMatchObject({ code: "catalog_exists" });
  });

  test("that is being fetched is not fetched twice at once", async () => {
    putCatalog();
    const adding = add();
    await expect(add()).rejects.toMatchObject({ code: "catalog_busy" });
    await adding;
  });

  test("is updated once for all who want it at the same time, and each has what came", async () => {
    putCatalog();
    await add();
    putCatalog({ version: 2 });
    let asked = 0;
    const document = served.get("/catalog.json") as Uint8Array;
    served.set("/catalog.json", () => {
      asked += 1;
      return new Blob([document]).stream();
    });
    const found = await Promise.all([update(), update(), update()]);
    expect(found).toMatchObject(found.map(() => ({ accepted: { version: 2 } })));
    expect(asked).toBe(1);
  });

  test("that is not given to everybody is not said to be missing", async () => {
    await expect(add()).rejects.toMatchObject({ code: "catalog_missing", message: expect.stringContaining("there is no http") as string });
    lacking = 403;
    await expect(add()).rejects.toMatchObject({ code: "catalog_missing", message: expect.stringMatching(/answered 403$/) as string });
  });

  test("inside the program is neither updated nor removed, and it is said why", async () => {
    const inside = { code: "catalog_not_found", message: expect.stringContaining("it is inside the program") as string };
    await expect(catalogs.update("banger", context)).rejects.toMatchObject(inside);
    expect(() => catalogs.remove("banger")).toThrow(expect.objectContaining(inside));
  });

  test("that is removed while it is updated does not come back", async () => {
    putCatalog();
    await add();
    const updating = update();
    catalogs.remove("acme");
    await expect(updating).rejects.toMatchObject({ code: "catalog_not_found" });
    expect(catalogs.list()).toEqual([]);
  });
});

/** What it is, how it comes about, and the code of the refusal. */
type Case = readonly [string, () => void, string];

describe("what nobody believes is not added, and leaves nothing", () => {
  const cases: readonly Case[] = [
    ["wrong key", () => putCatalog({ keys: [stranger] }), "catalog_badly_signed"],
    ["no signature", () => putCatalog({ keys: [] }), "catalog_badly_signed"],
    ["another catalog's", () => putCatalog({ name: "other" }), "other_catalog"],
    ["expired", () => putCatalog({ validForMs: -DAY_MS }), "catalog_expired"],
    ["nothing", () => undefined, "catalog_missing"],
    ["endless", () => void served.set("/catalog.json", endless), "longer_than_allowed"],
    ["an endless signature", () => (putCatalog(), void served.set("/catalog.json.minisig", endless)), "longer_than_allowed"],
    ["no text", () => (putCatalog(), void served.set("/catalog.json.minisig", Buffer.from([0xff, 0xfe]))), "catalog_badly_signed"],
    ["well signed, and of another form", () => put("catalog.json", { schema: 1, name: "acme" }, [root]), "catalog_not_understood"],
  ];
  test.each(cases)("%s", async (_what, prepare, code) => {
    prepare();
    await expect(add()).rejects.toMatchObject({ code });
    expect(catalogs.list()).toEqual([]);
  });
});

/** Never ends by itself. */
function endless(): ReadableStream {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
}

describe("an attacker who has the server", () => {
  beforeEach(async () => {
    putCatalog({ version: 5, entries: ["good"] });
    await add();
  });

  /** Everything is as it was, for the next daemon too. */
  const isAsBefore = (): void => {
    for (const each of [catalogs, open()]) expect(each.list()[0]?.accepted).toMatchObject({ version: 5, entries: [{ name: "good" }] });
  };

  const attacks: readonly Case[] = [
    ["rollback: an older version, well signed", () => putCatalog({ version: 4 }), "catalog_older"],
    ["two of one version", () => putCatalog({ version: 5, entries: ["other"] }), "catalog_older"],
    ["freeze: the same one for ever", () => void (nowMs += 31 * DAY_MS), "catalog_expired"],
    [
      "mix and match: the signature of an older one",
      () => {
        const old = served.get("/catalog.json.minisig");
        putCatalog({ version: 6 });
        served.set("/catalog.json.minisig", old ?? Buffer.from(""));
      },
      "catalog_badly_signed",
    ],
    ["another catalog's in its place", () => putCatalog({ version: 6, name: "other" }), "other_catalog"],
    ["a key of its own", () => putCatalog({ version: 6, keys: [stranger] }), "catalog_badly_signed"],
    [
      "keys of its own",
      () => (putKeys({ version: 1, roots: [stranger], releases: [daily] }), putCatalog({ version: 6, keys: [daily] })),
      "catalog_badly_signed",
    ],
    ["a clock that was set back", () => (putCatalog({ version: 6 }), void (nowMs -= 3 * DAY_MS)), "clock_behind"],
    ["endless data", () => void served.set("/catalog.json", endless), "longer_than_allowed"],
  ];
  test.each(attacks)("%s", async (_what, attack, code) => {
    attack();
    await expect(update()).rejects.toMatchObject({ code });
    nowMs = Date.UTC(2026, 10, 26, 12);
    isAsBefore();
  });

  test("what has expired is shown as such", () => {
    nowMs += 31 * DAY_MS;
    expect(known()?.problem).toContain("expired at 2026-12-26T12:00:00.000Z");
  });
});

describe("keys that change", () => {
  const addWithKeys = async (): Promise<void> => {
    putKeys({ version: 1 });
    putCatalog({ version: 5, keys: [daily] });
    await add();
  };

  test("the root that was given signs them, and no catalog any more", async () => {
    await addWithKeys();
    putCatalog({ version: 6, keys: [root] });
    await expect(update()).rejects.toMatchObject({ code: "catalog_badly_signed" });
  });

  test("are not taken back by leaving them out", async () => {
    await addWithKeys();
    served.delete("/keys.json");
    putCatalog({ version: 6, keys: [root] });
    await expect(update()).rejects.toMatchObject({ code: "catalog_keys_missing" });
    expect(known()?.accepted?.version).toBe(5);
  });

  test("a stolen key is taken out of use, and the versions that it pushed up count no more", async () => {
    await addWithKeys();
    putCatalog({ version: 1_000_000_000, keys: [daily] });
    await update();
    putKeys({ version: 2, releases: [otherDaily] });
    putCatalog({ version: 7, keys: [daily] });
    await expect(update()).rejects.toMatchObject({ code: "catalog_badly_signed" });
    putCatalog({ version: 7, keys: [otherDaily] });
    await update();
    expect(known()?.accepted?.version).toBe(7);
  });

  test("roots hand over, also while we were away for longer, and by documents that have expired since", async () => {
    await addWithKeys();
    const [second, third] = [makeSigningKey(), makeSigningKey()];
    putKeys({ version: 2, roots: [second], signers: [root, second], validForMs: DAY_MS, as: "keys-2.json" });
    putKeys({ version: 3, roots: [third], signers: [second, third], validForMs: DAY_MS, as: "keys-3.json" });
    nowMs += 10 * DAY_MS;
    putKeys({ version: 4, roots: [third], releases: [otherDaily] });
    putCatalog({ version: 6, keys: [otherDaily] });
    await update();
    expect(known()?.accepted?.version).toBe(6);
    // Without one of the steps there is no way there.
    catalogs.remove("acme");
    await expect(add()).rejects.toMatchObject({ code: "catalog_badly_signed" });
  });

  test("to roots of an attacker nobody hands over", async () => {
    await addWithKeys();
    putKeys({ version: 2, roots: [otherRoot], signers: [otherRoot], as: "keys-2.json" });
    putKeys({ version: 3, roots: [otherRoot], releases: [stranger] });
    putCatalog({ version: 6, keys: [stranger] });
    await expect(update()).rejects.toMatchObject({ code: "catalog_badly_signed" });
    expect(known()?.accepted?.version).toBe(5);
  });

  test("a lost key means adding the catalog anew with the one that came instead", async () => {
    await addWithKeys();
    putKeys({ version: 2, roots: [otherRoot], releases: [otherDaily] });
    putCatalog({ version: 6, keys: [otherDaily] });
    await expect(update()).rejects.toMatchObject({ code: "catalog_badly_signed" });
    catalogs.remove("acme");
    await catalogs.add({ name: "acme", url: `http://127.0.0.1:${server.port}/catalog.json`, keys: [otherRoot.public.text] }, context);
    expect(known()?.accepted?.version).toBe(6);
  });
});
