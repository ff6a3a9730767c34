/** A folder in the OCI layout with an image of two small layers, the second of which hides a part of the first. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** @param folder is made unless it is there. Gives what is to be pulled. */
export function littleLayout(folder: string): string {
  const reference = `oci:${join(folder, "layout")}:it`;
  if (existsSync(folder)) return reference;
  mkdirSync(join(folder, "tree/etc"), { recursive: true });
  const run = (...argv: readonly string[]): void => {
    const ran = Bun.spawnSync([...argv], { cwd: folder });
    if (ran.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${ran.stderr.toString()}`);
  };
  const addLayer = (...names: readonly string[]): void => {
    run("tar", "--create", "--file=layer.tar", "--directory=tree", ...names);
    run("umoci", "raw", "add-layer", "--image", "layout:it", "layer.tar");
  };
  run("umoci", "init", "--layout", "layout");
  run("umoci", "new", "--image", "layout:it");
  writeFileSync(join(folder, "tree/etc/one"), "one".repeat(50_000));
  writeFileSync(join(folder, "tree/etc/two"), "two");
  addLayer("etc");
  writeFileSync(join(folder, "tree/etc/.wh.two"), "");
  addLayer("etc/.wh.two");
  return reference;
}
