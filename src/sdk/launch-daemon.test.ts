import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchDaemon } from "./launch-daemon.ts";

let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "banger-launch-"))));
afterEach(() => rmSync(home, { recursive: true }));

const launch = (script: string, folder = join(home, "state")): Promise<boolean> =>
  launchDaemon({
    argv: ["sh", "-c", script],
    environment: { PATH: process.env["PATH"] },
    logPath: join(folder, "daemon.log"),
    notePath: join(folder, "daemon.json"),
  });

test.each([
  ["echo 'out of luck' >&2; exit 3", "it ended before it listened, with code 3: out of luck"],
  [`echo '{"level":"error","message":"it ends","error":{"message":"no room"}}' >&2; exit 1`, "with code 1: it ends: no room"],
  ["kill -KILL $$", "it ended before it listened, by SIGKILL"],
])("a daemon that does %s is told by what it said itself", async (script, why) => {
  mkdirSync(join(home, "state"));
  writeFileSync(join(home, "state/daemon.log"), '{"level":"error","message":"of the one before"}\n');
  await expect(launch(script)).rejects.toThrow(new RegExp(`${why}$`));
});

test.each([
  ["a file", () => writeFileSync(join(home, "state"), ""), "state", "it is no folder"],
  ["below a file", () => writeFileSync(join(home, "file"), ""), "file/state", "it would lie in what is no folder"],
  ["where none can be made", () => undefined, "/proc/nowhere/state", "it cannot be made where it would lie"],
  ["of too long a name", () => undefined, "n".repeat(300), "it has too long a name"],
])("a state folder that is %s is refused", async (_name, plant, folder, why) => {
  plant();
  await expect(launch("exit 0", folder.startsWith("/") ? folder : join(home, folder))).rejects.toMatchObject({
    code: "folder_unusable",
    message: expect.stringContaining(why),
    hint: "set BANGER_HOME to a folder of your own",
  });
});
