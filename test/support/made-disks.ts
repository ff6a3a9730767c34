/** File systems and disks, made by the programs that make them for everybody. */
import { mkdirSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync, closeSync } from "node:fs";
import { dirname, join } from "node:path";

export const MIB = 2 ** 20;
/** Of the root of a Linux system for x86-64. */
export const ROOT_TYPE = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709";

export function run(argv: readonly string[], stdin = ""): void {
  const ran = Bun.spawnSync([...argv], { stdin: Buffer.from(stdin) });
  if (ran.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${ran.stderr.toString()}`);
}

/** Of a folder. @param bytes of ext4. */
export function makeFileSystem(format: "ext4" | "squashfs" | "erofs", root: string, path: string, bytes = 16 * MIB): string {
  mkdirSync(dirname(path), { recursive: true });
  if (format === "ext4") run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", root, path, `${bytes / 1024}k`]);
  if (format === "squashfs") run(["mksquashfs", root, path, "-quiet", "-no-progress", "-noappend", "-nopad"]);
  if (format === "erofs") run(["mkfs.erofs", "--quiet", path, root]);
  return path;
}

export interface Part {
  /** Its content; nothing when left out. */
  readonly path?: string;
  readonly mib: number;
  /** As `sfdisk` takes it. */
  readonly type?: string;
}

/** A disk with these partitions, each at a whole MiB. */
export function makeDisk(label: "gpt" | "dos", path: string, parts: readonly Part[]): string {
  const starts = parts.map((_part, at) => 1 + parts.slice(0, at).reduce((sum, { mib }) => sum + mib + 1, 0));
  writeFileSync(path, "");
  truncateSync(path, (2 + (starts.at(-1) ?? 0) + (parts.at(-1)?.mib ?? 0)) * MIB);
  const lines = parts.map(({ mib, type }, at) => `start=${starts[at]}MiB, size=${mib}MiB${type === undefined ? "" : `, type=${type}`}`);
  run(["sfdisk", "--quiet", path], [`label: ${label}`, ...lines].join("\n"));
  for (const [at, part] of parts.entries()) if (part.path !== undefined) put(path, readFileSync(part.path), (starts[at] ?? 0) * MIB);
  return path;
}

export function put(path: string, bytes: Uint8Array, at: number): void {
  const file = openSync(path, "r+");
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, at + done);
  closeSync(file);
}

/** @param options of `qemu-img convert`. */
export function makeQcow2(raw: string, path = `${raw}.qcow2`, options: readonly string[] = []): string {
  run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", ...options, raw, path]);
  return path;
}

/** A little root folder: busybox and what it is called by. */
export function makeRoot(folder: string): string {
  for (const name of ["bin", "etc", "root", "tmp", "srv", "dev", "proc", "sys", "run"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "bin/busybox"), readFileSync("/bin/busybox"), { mode: 0o755 });
  for (const name of ["sh", "cat", "id", "ls", "stat"]) run(["ln", "-sf", "busybox", join(folder, "bin", name)]);
  writeFileSync(join(folder, "etc/passwd"), "root:x:0:0::/root:/bin/sh\n");
  writeFileSync(join(folder, "etc/group"), "root:x:0:\n");
  writeFileSync(join(folder, "srv/page"), "hello\n");
  return folder;
}
