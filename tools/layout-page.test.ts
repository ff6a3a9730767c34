import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeLayout } from "../src/system/layout.ts";

const page = readFileSync(join(import.meta.dir, "../docs/on-disk-layout.md"), "utf8");
const layout = makeLayout({ BANGER_HOME: "/b" });

/** Every place in the layout, without its root: `banger.db`, `vms/ID`. */
const places = Object.entries(layout).flatMap(([name, value]: [string, unknown]) => {
  const path = typeof value === "function" ? String((value as (id: string) => string)("ID")) : value;
  return typeof path === "string" ? [[name, path.split("/").slice(3).join("/")] as const] : [];
});

test("the page on the disk has each root", () => {
  for (const root of Object.keys(layout.roots)) expect(page).toContain(`\`$BANGER_HOME/${root}\``);
});

test.each(places)("the page on the disk has %s", (_name, place) => {
  expect(page).toContain(place);
});
