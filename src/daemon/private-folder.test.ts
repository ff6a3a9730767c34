import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFiles } from "../system/files.ts";
import { requireUsable } from "./private-folder.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "banger-usable-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("what is there and may not be used is refused by its name; what is not there is not missed", async () => {
  const [ours, theirs, absent] = ["ours", "theirs", "absent"].map((name) => join(folder, name)) as [string, string, string];
  for (const path of [ours, theirs]) writeFileSync(path, "");
  chmodSync(theirs, 0o400);
  // Root may use everything: what the computer would say to somebody else is said for it.
  const files = { ...makeFiles([]), mayUse: (path: string) => path === ours };
  await requireUsable(files, [ours, absent]);
  await expect(requireUsable(files, [absent, ours, theirs])).rejects.toMatchObject({
    code: "state_unusable",
    message: expect.stringMatching(/theirs: we may not read and write it \(uid \d+, mode 400\)$/),
    hint: expect.stringContaining(`ls -l ${theirs}`),
  });
});
