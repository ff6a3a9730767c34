/**
 * A catalog that is changed by several at once and by who is killed in the middle: at each moment a reader believes it, and no entry is lost. The store with conditions is a stand-in; see `fake-s3.ts`.
 */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import type { CatalogDocument } from "../../src/catalog/document/catalog-document.ts";
import { openPublisher, type Publisher } from "../support/publishing.ts";
import { isFull, makeChance } from "../support/seeded.ts";
import { ACCESS, openFakeS3, type FakeS3, type FakeS3Options } from "./fake-s3.ts";
import { startPublisher, TO } from "./start-publisher.ts";

setDefaultTimeout(300_000);

const CATALOG = "s3://kernels/catalog.json";
let opened = new AsyncDisposableStack();
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

async function open(options: FakeS3Options = {}): Promise<{ readonly us: Publisher; readonly s3: FakeS3 }> {
  const s3 = opened.use(openFakeS3(options));
  const us = opened.use(await openPublisher({ ...ACCESS, AWS_ENDPOINT_URL: s3.endpoint }));
  us.bundle("small");
  return { us, s3 };
}

/** Puts the publisher's catalog into the store, as it is. */
function place(us: Publisher, s3: FakeS3): void {
  for (const name of ["catalog.json", "catalog.json.minisig"])
    s3.objects.set(`kernels/${name}`, { content: readFileSync(us.at(name)), etag: `"${name}"` });
}

const inStore = (us: Publisher, s3: FakeS3): CatalogDocument =>
  us.believe(
    s3.objects.get("kernels/catalog.json")?.content ?? Buffer.alloc(0),
    s3.objects.get("kernels/catalog.json.minisig")?.content ?? Buffer.alloc(0),
  );

const namesOf = ({ entries }: CatalogDocument): readonly string[] => entries.map(({ name }) => name);

describe("two publishers at once lose nothing of each other's", () => {
  const rounds = 50;
  const names = (prefix: string): readonly string[] =>
    Array.from({ length: rounds }, (_, at) => `${prefix}-${String(at).padStart(2, "0")}`);

  test.each([
    ["in a file", undefined],
    ["in a store with conditions", CATALOG],
  ])(`%s, ${rounds} rounds`, async (_where, catalog) => {
    const { us, s3 } = await open();
    if (catalog !== undefined) place(us, s3);
    const [ours, theirs] = [names("ours"), names("theirs")];
    for (const name of [...ours, ...theirs]) us.bundle(name, 100);
    const look = (): CatalogDocument => (catalog === undefined ? us.believed() : inStore(us, s3));
    let [looks, isOver] = [0, false];
    const both = [ours, theirs].map((list) => startPublisher(us, s3, { names: list, ...(catalog === undefined ? {} : { catalog }) }));
    const watch = async (): Promise<void> => {
      // A reader of two files may see the first of before and the second of after, and asks again: never is it so for long.
      for (let faults = 0; !isOver; await Bun.sleep(5)) {
        try {
          look();
          [looks, faults] = [looks + 1, 0];
        } catch (error) {
          if (catalog !== undefined || (faults += 1) > 3) throw error;
        }
      }
    };
    const watching = watch();
    const ends = await Promise.all(both.map(({ ended }) => ended));
    isOver = true;
    await watching;
    expect(ends).toEqual([0, 0].map((code) => ({ code, signal: null, said: "" })));
    expect(namesOf(look())).toEqual([...ours, ...theirs]);
    expect(look().version).toBe(1 + 2 * rounds);
    expect(looks).toBeGreaterThan(50);
  });

  test("and one that was quicker is found by 412, and its entry kept", async () => {
    const { us, s3 } = await open();
    place(us, s3);
    us.bundle("quick");
    let isFirst = true;
    s3.options = {
      before: async (request, key) => {
        if (request.method === "PUT" && key === "kernels/catalog.json" && isFirst) {
          isFirst = false;
          await us.publish("quick", { to: TO, catalog: CATALOG });
        }
        return undefined;
      },
    };
    expect(await us.publish("small", { to: TO, catalog: CATALOG })).toMatchObject({ isChanged: true, catalog: { version: 3, entries: 2 } });
    expect(s3.log).toContain("PUT kernels/catalog.json 412");
    expect(namesOf(inStore(us, s3))).toEqual(["quick", "small"]);
  });

  test("and an answer that is lost on the way takes nobody for another", async () => {
    const { us, s3 } = await open();
    place(us, s3);
    let times = 1;
    s3.options = {
      after: (request, key) =>
        request.method === "PUT" && key === "kernels/catalog.json" && times-- > 0 ? new Response(null, { status: 502 }) : undefined,
    };
    expect(await us.publish("small", { to: TO, catalog: CATALOG })).toMatchObject({ isChanged: true, catalog: { version: 2 } });
    expect(s3.log).toContain("PUT kernels/catalog.json 412");
  });

  test("who is always too late gives up in the end, and has changed nothing", async () => {
    const { us, s3 } = await open({
      before: (request, key) =>
        request.method === "PUT" && key === "kernels/catalog.json" ? new Response(null, { status: 412 }) : undefined,
    });
    place(us, s3);
    await expect(us.publish("small", { to: TO, catalog: CATALOG })).rejects.toMatchObject({ code: "catalog_busy" });
    expect(inStore(us, s3).version).toBe(1);
  });
});

describe("a store without conditions", () => {
  test("is told, and what another put over it is put again", async () => {
    const { us, s3 } = await open({ hasConditions: false });
    place(us, s3);
    const before = new Map(s3.objects);
    let times = 1;
    s3.options = {
      hasConditions: false,
      before: (request, key) => {
        // Another one, who had read before us, puts what knows nothing of ours.
        if (request.method === "GET" && key === "kernels/catalog.json" && s3.log.includes("PUT kernels/catalog.json 200") && times-- > 0)
          for (const [name, object] of before) if (name.includes("catalog")) s3.objects.set(name, object);
        return undefined;
      },
    };
    await us.publish("small", { to: TO, catalog: CATALOG });
    expect(namesOf(inStore(us, s3))).toEqual(["small"]);
    expect(us.events).toContainEqual(expect.objectContaining({ type: "notice", message: expect.stringContaining("without conditions") }));
  });

  test("a signature that another one's took the place of is put again", async () => {
    const { us, s3 } = await open({ hasConditions: false });
    place(us, s3);
    const old = s3.objects.get("kernels/catalog.json.minisig");
    let times = 1;
    s3.options = {
      hasConditions: false,
      before: (request, key) => {
        if (
          request.method === "GET" &&
          key.endsWith(".minisig") &&
          s3.log.includes("PUT kernels/catalog.json 200") &&
          times-- > 0 &&
          old !== undefined
        )
          s3.objects.set(key, old);
        return undefined;
      },
    };
    await us.publish("small", { to: TO, catalog: CATALOG });
    expect(namesOf(inStore(us, s3))).toEqual(["small"]);
  });
});

test("a new catalog in a store is made once, by its name", async () => {
  const { us, s3 } = await open();
  await expect(us.publish("small", { to: TO, catalog: CATALOG })).rejects.toMatchObject({
    code: "catalog_not_found",
    hint: expect.stringContaining("--catalog-name"),
  });
  expect(s3.objects.size).toBe(0);
  const made = await us.publish("small", { to: TO, catalog: CATALOG, catalogName: "acme", validForMs: 86_400_000 });
  expect(made.catalog).toMatchObject({ name: "acme", version: 1, place: CATALOG });
  expect(namesOf(inStore(us, s3))).toEqual(["small"]);
});

test("a catalog at an address of the web, with a token that goes nowhere else", async () => {
  const { us, s3 } = await open();
  place(us, s3);
  const seen: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      seen.push(`${request.method} ${request.headers.get("authorization")}`);
      const key = `kernels${new URL(request.url).pathname}`;
      if (request.method === "GET")
        return new Response(s3.objects.get(key)?.content, { headers: { etag: s3.objects.get(key)?.etag ?? "" } });
      if (request.headers.get("if-match") !== s3.objects.get(key)?.etag) return new Response(null, { status: 412 });
      s3.objects.set(key, { content: Buffer.from(await request.arrayBuffer()), etag: `"${Math.random()}"` });
      return new Response(null, { status: 204 });
    },
  });
  opened.defer(() => server.stop(true));
  us.variables["BANGER_CATALOG_TOKEN"] = "a-token";
  const catalog = `http://127.0.0.1:${server.port}/catalog.json`;
  expect(await us.publish("small", { to: TO, catalog })).toMatchObject({ isChanged: true, catalog: { version: 2 } });
  expect(namesOf(inStore(us, s3))).toEqual(["small"]);
  expect(new Set(seen)).toEqual(new Set(["GET Bearer a-token", "PUT Bearer a-token"]));
  await expect(us.publish("small", { to: TO, catalog: "http://catalog.example/catalog.json" })).rejects.toMatchObject({
    code: "bad_catalog_address",
  });
});

test("what somebody else has put there is not signed", async () => {
  const { us, s3 } = await open();
  place(us, s3);
  const { content } = s3.objects.get("kernels/catalog.json") ?? { content: Buffer.alloc(0) };
  for (const odd of [content.toString().replace("acme", "evil"), "", "x", "\u0000".repeat(1000)]) {
    s3.objects.set("kernels/catalog.json", { content: Buffer.from(odd), etag: '"odd"' });
    const before = new Map(s3.objects);
    await expect(us.publish("small", { to: TO, catalog: CATALOG })).rejects.toMatchObject({ code: "catalog_not_ours" });
    expect(new Map(s3.objects)).toEqual(before);
  }
  writeFileSync(us.at("real.json"), content);
  symlinkSync(us.at("real.json"), us.at("link.json"));
  await expect(us.publish("small", { to: TO, catalog: us.at("link.json") })).rejects.toMatchObject({ code: "file_unusable" });
});

describe("killed", () => {
  /** What remains is believed, and the same again ends well. */
  async function goOn(us: Publisher, s3: FakeS3, catalog: string | undefined): Promise<void> {
    const look = (): CatalogDocument => (catalog === undefined ? us.believed() : inStore(us, s3));
    expect(["", "small"]).toContain(namesOf(look()).join());
    await us.publish("small", { to: TO, ...(catalog === undefined ? {} : { catalog }) });
    expect(namesOf(look())).toEqual(["small"]);
    expect(look().version).toBe(2);
  }

  /** As failpoints name it: its random letters may be four digits in a row. */
  const named = (folder: string): string => folder.replaceAll(/\d{4,}/g, "N");

  test("at each effect on files, the next try goes on", async () => {
    const { us: first, s3: firstStore } = await open();
    const control = first.at("control");
    const points = first.at("points");
    writeFileSync(control, JSON.stringify({ record: points }));
    expect(await startPublisher(first, firstStore, { names: ["small"], env: { BANGER_FAILPOINTS: control } }).ended).toMatchObject({
      code: 0,
    });
    const reached = readFileSync(points, "utf8")
      .trimEnd()
      .split("\n")
      .filter((point) => point.includes("files."));
    const counts = new Map<string, number>();
    const moments = reached.map((point) => {
      const nth = (counts.get(point) ?? 0) + 1;
      counts.set(point, nth);
      return { point: point.replaceAll(named(first.folder), "FOLDER"), nth };
    });
    expect(moments.filter(({ point }) => point.startsWith("after files.write")).length).toBe(3);
    for (const { point, nth } of moments) {
      const { us, s3 } = await open();
      const ours = us.at("control");
      writeFileSync(ours, JSON.stringify({ point: point.replaceAll("FOLDER", named(us.folder)), nth, action: "kill" }));
      expect(await startPublisher(us, s3, { names: ["small"], env: { BANGER_FAILPOINTS: ours } }).ended).toMatchObject({
        signal: "SIGKILL",
      });
      await goOn(us, s3, undefined);
    }
  });

  test.each([
    ["a file", undefined],
    ["a store", CATALOG],
  ])("at each request of a publishing into %s, before it was heeded and after, the next try goes on", async (_where, catalog) => {
    const count = await (async () => {
      const { us, s3 } = await open();
      place(us, s3);
      await us.publish("small", { to: TO, ...(catalog === undefined ? {} : { catalog }) });
      return s3.log.length;
    })();
    for (let at = 0; at < count; at += 1) {
      for (const isHeeded of [false, true]) {
        const { us, s3 } = await open();
        place(us, s3);
        const running = startPublisher(us, s3, { names: ["small"], ...(catalog === undefined ? {} : { catalog }) });
        let seen = 0;
        const before = async (): Promise<Response | undefined> => {
          seen += 1;
          if (seen - 1 !== at + (isHeeded ? 1 : 0)) return undefined;
          // A step further the one before was heeded, and its answer read.
          running.child.kill("SIGKILL");
          await running.ended;
          return new Response(null, { status: 500 });
        };
        s3.options = { before };
        const end = await running.ended;
        expect(end.signal ?? end.code).toBe(at === count - 1 && isHeeded ? 0 : "SIGKILL");
        s3.options = {};
        await goOn(us, s3, catalog);
      }
    }
  });

  test("in the middle of a write, nothing is left beside the catalog after the next try", async () => {
    const { us } = await open();
    const [stray, ofAnother, alive] = [
      "catalog.json.4194303-0123456789ab.new",
      "catalog.json.notes.new",
      `catalog.json.minisig.${process.pid}-0123456789ab.new`,
    ];
    for (const name of [stray, ofAnother, alive]) writeFileSync(us.at(name), "");
    await us.publish("small", { to: TO });
    expect(
      readdirSync(us.folder)
        .filter((name) => name.endsWith(".new"))
        .toSorted(),
    ).toEqual([alive, ofAnother].toSorted());
  });

  test("at any moment, the next try goes on", async () => {
    const chance = makeChance();
    for (let round = 0; round < (isFull ? 100 : 12); round += 1) {
      const { us, s3 } = await open();
      place(us, s3);
      const catalog = round % 2 === 0 ? undefined : CATALOG;
      const running = startPublisher(us, s3, { names: ["small"], ...(catalog === undefined ? {} : { catalog }) });
      await Bun.sleep(chance.below(400));
      running.child.kill("SIGKILL");
      await running.ended;
      await goOn(us, s3, catalog);
    }
  });
});
