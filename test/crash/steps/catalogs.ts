/** Catalogs: added, fetched anew and removed. */
import { Database } from "bun:sqlite";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CrashWorld } from "../crash-world.ts";
import type { Step, Target } from "./step.ts";

const NAME = "acme";
const STATES: Readonly<Record<number, Target>> = { 1: "there", 2: "changed" };

const folderOf = ({ world }: CrashWorld): string => join(world.folder, NAME);
const documentOf = (crash: CrashWorld): string => join(folderOf(crash), "catalog.json");

/** Puts it where it is fetched from: with as many entries as its version says. */
async function publish(crash: CrashWorld, version: number): Promise<void> {
  const entries = Array.from({ length: version }, (_, at) => ({
    ...{ type: "kernel", name: `kernel-${at}`, distro: "banger", arch: "amd64", version: "6.12.117", description: "" },
    build: { version: "6.12.117" },
  }));
  writeFileSync(documentOf(crash), JSON.stringify({ schema: 1, name: NAME, ...(version === 1 ? {} : { version: version - 1 }), entries }));
  await crash.world.ok(["catalog", "sign", documentOf(crash), "-s", join(folderOf(crash), "key"), "--valid-for", "1d"]);
}

/** The first version of it is published. */
async function publishFirst(crash: CrashWorld): Promise<void> {
  mkdirSync(folderOf(crash));
  await crash.world.ok(["catalog", "keygen", join(folderOf(crash), "key")]);
  await publish(crash, 1);
}

const add = (crash: CrashWorld): readonly string[] => ["catalog", "add", NAME, documentOf(crash), "--key", publicKeyOf(crash)];

const publicKeyOf = (crash: CrashWorld): string => readFileSync(join(folderOf(crash), "key.pub"), "utf8").split("\n")[1] ?? "";

const ofCatalog = {
  /** What is offered and what is believed are of one version, and where they came from lies what lay there. */
  look: (crash: CrashWorld): Target => {
    const names = readdirSync(folderOf(crash)).toSorted();
    if (names.join() !== "catalog.json,catalog.json.minisig,key,key.pub") throw new Error(`the catalog's folder has ${names.join()}`);
    using database = new Database(join(crash.world.folder, "state/banger/banger.db"), { readonly: true });
    const row = database.query("SELECT document, trust FROM catalogs WHERE name = ?").get(NAME) as Record<string, string> | null;
    if (row === null) return "absent";
    const document = JSON.parse(row["document"] ?? "") as { readonly version: number; readonly entries: readonly unknown[] };
    const trust = JSON.parse(row["trust"] ?? "") as { readonly catalog: { readonly version: number } };
    const state = STATES[document.version];
    if (state === undefined || document.entries.length !== document.version || trust.catalog.version !== document.version)
      throw new Error(`the catalog is ${row["document"]}, believed as ${row["trust"]}`);
    return state;
  },
  reset: async (crash: CrashWorld): Promise<void> => {
    if (ofCatalog.look(crash) !== "absent") await crash.world.ok(["catalog", "remove", NAME]);
    rmSync(folderOf(crash), { recursive: true });
  },
};

const prepareAdded = async (crash: CrashWorld): Promise<void> => {
  await publishFirst(crash);
  await crash.world.ok(add(crash));
};

export const CATALOG_STEPS: readonly Step[] = [
  { ...ofCatalog, name: "catalog add", before: "absent", prepare: publishFirst, words: add, done: "there" },
  {
    ...ofCatalog,
    name: "catalog update",
    before: "there",
    prepare: async (crash) => {
      await prepareAdded(crash);
      await publish(crash, 2);
    },
    words: () => ["catalog", "update", NAME],
    done: "changed",
  },
  {
    ...ofCatalog,
    name: "catalog remove",
    before: "there",
    prepare: prepareAdded,
    words: () => ["catalog", "remove", NAME],
    done: "absent",
  },
];
