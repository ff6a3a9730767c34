/** A little system that is not Debian's: busybox and musl, in layers, and in a registry as others would put it there. */
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const LOADER = "/lib/ld-musl-x86_64.so.1";

/** Three layers: busybox and musl, what is of root and of others, and one that takes some of it away. */
export function makeMuslLayers(folder: string): readonly string[] {
  const root = join(folder, "root");
  const archive = (name: string, ...what: readonly string[]): string => {
    const path = join(folder, `${name}.tar`);
    runHere(folder, "tar", "--create", `--file=${path}`, "--numeric-owner", `--directory=${root}`, ...what);
    return path;
  };
  for (const name of ["bin", "lib", "etc", "srv", "root", "tmp"]) mkdirSync(join(root, name), { recursive: true });
  copyFileSync("/bin/busybox", join(root, "bin/busybox"));
  for (const name of ["sh", "cat", "id", "ls", "rm", "sed", "stat", "uname", "test", "[", "head"])
    symlinkSync("busybox", join(root, "bin", name));
  copyFileSync(LOADER, join(root, LOADER));
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/root:/bin/sh\nweb:x:33:33::/srv:/bin/sh\n");
  writeFileSync(join(root, "etc/group"), "root:x:0:\nweb:x:33:\n");
  writeFileSync(join(root, "root/.profile"), "# of the image\n");
  const system = archive("system", "bin", "lib", "etc", "root", "tmp");
  writeFileSync(join(root, "srv/page"), "old");
  writeFileSync(join(root, "srv/secret"), "hidden");
  const first = archive("first", "--owner=33", "--group=33", "srv");
  writeFileSync(join(root, "srv/page"), "new");
  rmSync(join(root, "srv/secret"));
  writeFileSync(join(root, "srv/.wh.secret"), "");
  return [system, first, archive("second", "--owner=33", "--group=33", "srv/page", "srv/.wh.secret")];
}

/** The layers as one image, made by umoci and put into a registry by skopeo. @param config as umoci has it: `config.user=web`. */
export function pushMuslImage(folder: string, config: readonly string[], reference: string, how: readonly string[]): void {
  runHere(folder, "umoci", "init", "--layout", "layout");
  runHere(folder, "umoci", "new", "--image", "layout:made");
  for (const layer of makeMuslLayers(folder)) runHere(folder, "umoci", "raw", "add-layer", "--image", "layout:made", layer);
  runHere(folder, "umoci", "config", "--image", "layout:made", "--config.env=PATH=/bin", ...config.map((each) => `--${each}`));
  const from = ["--dest-tls-verify=false", ...how, "oci:layout:made"];
  runHere(folder, "skopeo", "--insecure-policy", "copy", "--quiet", ...from, `docker://${reference}`);
}

function runHere(folder: string, ...argv: readonly string[]): void {
  const ran = Bun.spawnSync([...argv], { cwd: folder });
  if (ran.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${ran.stderr.toString()}`);
}
