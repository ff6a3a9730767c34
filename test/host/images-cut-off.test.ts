/** A pull whose daemon is killed: what the next daemon finds, and leaves. The real mmdebstrap, for a few seconds. */
import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeLeases } from "../../src/operations/leases-rows.ts";
import { OPERATIONS_MIGRATIONS } from "../../src/operations/operations-rows.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import { imagesOfApt } from "./images-of-apt.ts";
import { silentLog } from "./images-silent-log.ts";

/** What mmdebstrap has begun for a pull of ours. */
const treesOf = (folder: string): readonly string[] =>
  readdirSync("/tmp").filter((name) => name.startsWith("banger-draft-") && folder.endsWith(name.slice(7)));

test("leaves no process, no folder and no lease behind", async () => {
  const home = mkdtempSync("/tmp/banger-cut-");
  const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: home }, silentLog);
  const pull = Bun.spawn([process.execPath, join(import.meta.dir, "images-cut-off.ts"), home], { stdout: "inherit", stderr: "inherit" });
  try {
    // Until there are packages in the tree.
    const draft = await until(() => readdirOrNothing(join(home, "data/images")).find((name) => name.startsWith(".draft-")));
    const [tree = ""] = await until(() => nonEmpty(treesOf(draft)));
    await until(() =>
      nonEmpty(readdirOrNothing(join("/tmp", tree)).filter((name) => readdirOrNothing(join("/tmp", tree, name)).includes("var"))),
    );
    expect(system.processes.findByArgument(draft)).not.toEqual([]);
    pull.kill("SIGKILL");
    await pull.exited;

    using database = system.databases.open(system.layout.database, OPERATIONS_MIGRATIONS);
    const leases = makeLeases(database);
    expect(leases.list().map(({ kind }) => kind)).toEqual(["bootstrap", "store-folder"]);
    await imagesOfApt(system, leases).reconcile();
    expect(system.processes.findByArgument(draft)).toEqual([]);
    expect(system.processes.findByArgument(tree)).toEqual([]);
    expect(treesOf(draft)).toEqual([]);
    expect(await system.files.list(system.layout.images)).toEqual([]);
    expect(leases.list()).toEqual([]);
  } finally {
    pull.kill("SIGKILL");
    rmSync(home, { recursive: true, force: true });
  }
}, 120_000);

async function until<T>(find: () => T | undefined): Promise<T> {
  for (const deadline = Date.now() + 60_000; ; await Bun.sleep(10)) {
    const found = find();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`never: ${find.toString()}`);
  }
}

function nonEmpty(names: readonly string[]): readonly string[] | undefined {
  return names.length === 0 ? undefined : names;
}

function readdirOrNothing(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // not there yet, or a file
  }
}
