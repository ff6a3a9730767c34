/** A sparse copy onto a real disk that is nearly full. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

/** In a mount namespace: a disk of 3 MiB with room for a part of the 2 MiB. Prints what the copy says and what it leaves. */
const SCRIPT = `
  mount -t tmpfs -o size=3m tmpfs "$1/disk" && head -c 2097152 /dev/urandom > "$1/from" && head -c 1572864 /dev/zero > "$1/disk/fill" &&
  "$2" -e '
    const { copySparse } = await import(process.argv[2]);
    const said = await copySparse(process.argv[1] + "/from", process.argv[1] + "/disk/to").then(() => "done", (error) => error.code);
    console.log(said, (await require("node:fs/promises").readdir(process.argv[1] + "/disk")).join());
  ' "$1" "$3"`;

test("a copy that finds no room says so and leaves nothing", () => {
  const folder = mkdtempSync("/tmp/banger-copy-");
  try {
    Bun.spawnSync(["mkdir", join(folder, "disk")]);
    const argv = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh"];
    const copySparse = join(import.meta.dir, "../../src/system/copy-sparse.ts");
    const { stdout, stderr } = Bun.spawnSync([...argv, folder, process.execPath, copySparse]);
    expect({ stdout: stdout.toString(), stderr: stderr.toString() }).toEqual({ stdout: "ENOSPC fill\n", stderr: "" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
