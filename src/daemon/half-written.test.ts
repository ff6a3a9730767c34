import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makeSystem } from "../system/make-system.ts";
import type { Log } from "../system/log.ts";
import { findHalfWritten } from "./half-written.ts";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** Above the highest pid there can be. */
const NOBODY = 2 ** 22 + 1;

test("finds what a process that is gone was writing, and nothing that a living one writes", async () => {
  const home = mkdtempSync(join(tmpdir(), "banger-half-"));
  try {
    const system = makeSystem({ BANGER_HOME: home }, silent);
    const { layout } = system;
    const put = (path: string, secondsAgo = 0): string => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, "half");
      utimesSync(path, Date.now() / 1000 - secondsAgo, Date.now() / 1000 - secondsAgo);
      return path;
    };
    const dead = put(`${layout.daemonNote}.${NOBODY}-0123456789ab.new`);
    const long = put(`${layout.seenReleases}.${process.pid}-0123456789ab.new`, 7200);
    put(`${layout.seenReleases}.${process.pid}-ba9876543210.new`);
    put(join(layout.roots.state, "my-notes.new"));
    put(join(layout.roots.state, `my-notes.${NOBODY}.new`));
    expect((await findHalfWritten(system)).map(({ path }) => path).toSorted()).toEqual([dead, long].toSorted());
  } finally {
    rmSync(home, { recursive: true });
  }
});
