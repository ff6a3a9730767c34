import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProbeAnswer } from "../../contract/probe.ts";
import type { Log } from "../../system/log.ts";
import { makeSystem } from "../../system/make-system.ts";
import { buildahProbe } from "./buildah-probe.ts";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "banger-buildah-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** @param script of what is called buildah; without one there is none. */
function look(script?: string): Promise<ProbeAnswer> {
  if (script !== undefined) writeFileSync(join(folder, "buildah"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return buildahProbe(makeSystem({ BANGER_HOME: folder, PATH: folder }, silent)).look(new AbortController().signal);
}

test("buildah is told by its version; without it nothing is missing, and what it would be for is said", async () => {
  expect(await look()).toEqual({
    status: "not used",
    detail: "buildah is not installed",
    hint: "sudo apt install buildah, to build images by Dockerfiles",
  });
  expect(await look("echo 'buildah version 1.28.2 (image-spec 1.0.2)'")).toEqual({ status: "fine", detail: "version 1.28.2" });
  expect(await look("echo no library >&2; exit 127")).toMatchObject({ status: "missing", detail: "buildah does not start: no library" });
});
