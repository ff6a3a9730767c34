/** Catalogs that stand in the config, over daemons whose config says something else each time. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSystem } from "../../system/make-system.ts";
import type { Log } from "../../system/log.ts";
import type { Catalogs } from "../catalog.ts";
import { formatCanonical } from "../document/canonical.ts";
import { openFetcher } from "../fetch/open-fetcher.ts";
import { makeSigningKey, signContent, type SigningKey } from "../signing/signing-key.ts";
import { addressOf } from "./address-of.ts";
import { CATALOG_MIGRATIONS, makeCatalogRows } from "./catalog-rows.ts";
import type { ConfiguredCatalog } from "./configured.ts";
import { makeCatalogs } from "./make-catalogs.ts";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const [ours, next] = [makeSigningKey(), makeSigningKey()];
const folder = mkdtempSync(join(tmpdir(), "banger-configured-"));
const context = {
  signal: new AbortController().signal,
  stage: <T>(_name: string, body: (stage: { note: () => void; progress: () => void }) => Promise<T>): Promise<T> =>
    body({ note: () => undefined, progress: () => undefined }),
} as unknown as Parameters<Catalogs["update"]>[1];
let world: string;

beforeEach(() => {
  world = mkdtempSync(join(folder, "w"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** As a daemon with this config opens it. */
function open(configured: readonly ConfiguredCatalog[]): Catalogs {
  const system = makeSystem({ BANGER_HOME: join(world, "home") }, silent);
  const fetcher = openFetcher(system, { proxies: {}, advice: "ask", retryDelaysMs: [] });
  return makeCatalogs({ system, configured, rows: makeCatalogRows(system.databases.open(join(world, "db"), CATALOG_MIGRATIONS)), fetcher });
}

function publish(place: string, version: number, key: SigningKey): string {
  mkdirSync(join(world, place), { recursive: true });
  const entry = { type: "kernel", name: "k", distro: "d", arch: "amd64", description: place, build: { version: "6.12" } };
  const times = { issued: "2026-01-01T00:00:00Z", expires: "2099-01-01T00:00:00Z" };
  const bytes = Buffer.from(formatCanonical({ schema: 1, name: "acme", version, ...times, entries: [entry] }));
  writeFileSync(join(world, place, "catalog.json"), bytes);
  writeFileSync(join(world, place, "catalog.json.minisig"), signContent(bytes, key, "t"));
  return join(world, place);
}

const acme = (path: string, key = ours): ConfiguredCatalog => ({ name: "acme", url: addressOf(path), keys: [key.public.text] });
const shown = (catalogs: Catalogs): unknown =>
  catalogs.list().map(({ isConfigured, accepted, problem }) => [isConfigured, accepted?.version, problem?.slice(0, 15)]);

describe("a catalog in the config", () => {
  test("is there before it was fetched, and after", async () => {
    const config = [acme(publish("a", 1, ours))];
    expect(shown(open(config))).toEqual([[true, undefined, "not fetched yet"]]);
    await open(config).update("acme", context);
    expect(shown(open(config))).toEqual([[true, 1, undefined]]);
  });

  test("is neither added nor removed by a command, which says where it stands", async () => {
    const catalogs = open([acme(publish("a", 1, ours))]);
    const standsIn = expect.stringContaining(join(world, "home/config/config.toml"));
    await expect(catalogs.add(acme(join(world, "a")), context)).rejects.toMatchObject({ code: "catalog_exists", hint: standsIn });
    for (const isFetched of [false, true]) {
      if (isFetched) await catalogs.update("acme", context);
      expect(() => catalogs.remove("acme")).toThrow(expect.objectContaining({ code: "catalog_in_config", hint: standsIn }));
    }
  });

  test("goes with its line in the config", async () => {
    await open([acme(publish("a", 1, ours))]).update("acme", context);
    expect(shown(open([]))).toEqual([]);
    await expect(open([]).update("acme", context)).rejects.toMatchObject({ code: "catalog_not_found" });
  });

  test("may move, and what was seen of it still counts", async () => {
    await open([acme(publish("a", 5, ours))]).update("acme", context);
    const moved = open([acme(publish("b", 4, ours))]);
    await expect(moved.update("acme", context)).rejects.toMatchObject({ code: "catalog_older" });
    expect(shown(moved)).toEqual([[true, 5, undefined]]);
    expect(moved.list()[0]?.url).toBe(addressOf(join(world, "b")));
  });

  test("with another key begins anew, and nothing that the old one signed is offered", async () => {
    await open([acme(publish("a", 5, ours))]).update("acme", context);
    const anew = open([acme(publish("a", 1, next), next)]);
    expect(shown(anew)).toEqual([[true, undefined, "not fetched yet"]]);
    await anew.update("acme", context);
    expect(shown(anew)).toEqual([[true, 1, undefined]]);
  });

  test("that was added before is the config's from then on", async () => {
    await open([]).add(acme(publish("a", 5, ours)), context);
    expect(shown(open([]))).toEqual([[false, 5, undefined]]);
    expect(shown(open([acme(join(world, "a"))]))).toEqual([[true, 5, undefined]]);
    expect(shown(open([]))).toEqual([]);
  });
});
