/** Kernels and images of a world's own, for tests that delete some: links to the files that all tests share, which nobody changes. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SHARED, type World } from "./world.ts";

/** Gives a world with `isolatedGoods` these; what it has of theirs goes. */
export function copyGoods(world: World, names: readonly (readonly [store: "kernels" | "images", name: string, as?: string])[]): void {
  for (const [store, name, as = name] of names) {
    const folder = join(world.folder, "data/banger", store);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const to = join(folder, as);
    rmSync(to, { recursive: true, force: true });
    const from = join(SHARED, "data/banger", store, name);
    try {
      execFileSync("cp", ["-al", from, to], { stdio: "ignore" });
    } catch {
      // On another file system; a copy takes longer, and does as well.
      rmSync(to, { recursive: true, force: true });
      execFileSync("cp", ["-a", "--sparse=always", from, to]);
    }
  }
}
