import { expect, test } from "bun:test";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

const TOP = join(import.meta.dir, "..");
const DOCS = join(TOP, "docs");

/** Paths of the repository that a text names between backticks: those with a folder and a known ending. */
const namedIn = (text: string): readonly string[] =>
  [...text.matchAll(/`((?:src|guest|tools|scripts|test|docs)\/[\w./-]+\.(?:ts|mjs|rs|md))`/g)].map(([, path]) => path ?? "");

const pages = readdirSync(DOCS, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".md"));

test("the walk has eight stops, each with a file", () => {
  const rows = readFileSync(join(DOCS, "walk.md"), "utf8").match(/^\| \d \|.*$/gm) ?? [];
  expect(rows.map((row) => namedIn(row).length > 0)).toEqual(Array.from({ length: 8 }, () => true));
});

test("each stop names a function that its file has", () => {
  const stops = [...readFileSync(join(DOCS, "walk.md"), "utf8").matchAll(/^\| \d \| `(src\/[\w./-]+)`, `(?:(\w+)\.)?(\w+)`/gm)];
  expect(stops.map(([, path = "", owner, name = ""]) => [path, declares(readFileSync(join(TOP, path), "utf8"), owner, name)])).toEqual(
    stops.map(([, path = ""]) => [path, true]),
  );
  expect(stops).toHaveLength(8);
});

function declares(text: string, owner: string | undefined, name: string): boolean {
  if (owner === undefined) return new RegExp(`function ${name}\\b`).test(text);
  return text.includes(`class ${owner} `) && new RegExp(`^  async ${name}\\(`, "m").test(text);
}

test.each(pages)("%s names only files that exist", (page) => {
  expect(namedIn(readFileSync(join(DOCS, page), "utf8")).filter((path) => !existsSync(join(TOP, path)))).toEqual([]);
});

test.each(["../README.md", ...pages])("%s links only to what exists", (page) => {
  const links = [...readFileSync(join(DOCS, page), "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link ?? "");
  expect(links.filter((link) => !existsSync(join(DOCS, dirname(page), link)))).toEqual([]);
});
