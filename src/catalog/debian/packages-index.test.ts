import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseStanzas } from "./control-stanzas.ts";
import { findInIndex } from "./packages-index.ts";
import { searchStanzas } from "./stanza-search.ts";

const source = { uri: "http://mirror", suite: "stable", components: ["main"] };

async function* inPieces(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  for (const size of sizes) yield bytes.subarray(at, (at += size));
  yield bytes.subarray(at);
}

const stanzaOf = (name: string, version: string, remark: string): string =>
  [
    `Package: ${name}`,
    `Version: ${version}`,
    "Architecture: amd64",
    `Description: ${remark}`,
    " goes on",
    `Filename: pool/${name}_${version}.deb`,
    "Size: 5",
    `SHA256: ${"0".repeat(64)}`,
  ].join("\n");

test("the newest of a name is found, whatever is around it and wherever the bytes were cut", async () => {
  // Names within names, in descriptions, and letters of several bytes.
  const name = fc.constantFrom("linux", "linux-image", "image", "x");
  const remark = fc.constantFrom("a linux-image é", "Package: linux", "…", "");
  const stanza = fc.record({ name, version: fc.integer({ min: 1, max: 9 }).map(String), remark });
  const between = fc.constantFrom("\n\n", "\n\n\n", "\n \n", "\n\t\n\n");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(stanza, between), { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat(400)),
      name,
      fc.boolean(),
      async (stanzas, sizes, wanted, isEnded) => {
        const text = stanzas.map(([each, gap]) => `${stanzaOf(each.name, each.version, each.remark)}${gap}`).join("");
        const whole = isEnded ? text : text.trimEnd();
        const versions = stanzas.flatMap(([each]) => (each.name === wanted ? [Number(each.version)] : []));
        const found = await findInIndex(inPieces(whole, sizes), wanted, undefined, source);
        expect(found?.version).toBe(versions.length === 0 ? undefined : String(Math.max(...versions)));
        for (const version of versions) {
          const exact = await findInIndex(inPieces(whole, sizes), wanted, String(version), source);
          expect(exact?.url).toBe(`http://mirror/pool/${wanted}_${version}.deb`);
        }
      },
    ),
  );
});

test("a percent in a path stands for itself", async () => {
  const text = stanzaOf("x", "1", "").replace("pool/x_1.deb", "pool/x%3a1%2f..%2fy.deb");
  expect((await findInIndex(inPieces(text, []), "x", undefined, source))?.url).toBe("http://mirror/pool/x%253a1%252f..%252fy.deb");
});

test("all but the first and what has the word are passed over", async () => {
  const text = Array.from({ length: 1000 }, (_, index) => stanzaOf(`p${index}`, "1", "")).join("\n\n");
  const texts = await Array.fromAsync(searchStanzas(inPieces(text, [10, 5000]), "Package: p500\n"));
  const stanzas = texts.flatMap((each) => [...parseStanzas(each.split("\n"))]);
  expect(stanzas.map((stanza) => stanza.get("package"))).toEqual(["p0", "p500"]);
});

test("a stanza without an end is refused", async () => {
  const endless = (async function* () {
    for (;;) yield new Uint8Array(65_536).fill(65);
  })();
  await expect(findInIndex(endless, "x", undefined, source)).rejects.toThrow("a stanza has no end");
});

test("others are served while an index comes at once", async () => {
  const part = new TextEncoder().encode(`${stanzaOf("other", "1", "")}\n\n`.repeat(1000));
  const fast = (async function* () {
    for (let parts = 0; parts < 100; parts += 1) yield part;
  })();
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await findInIndex(fast, "wanted", undefined, source);
  isOver = true;
  expect(turns).toBeGreaterThan(5);
});
