/** Folders to copy, and what is in them, told so that two can be compared. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  closeSync,
  writeSync,
  ftruncateSync,
  rmSync,
  constants,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that goes with the test. */
export function openFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "bc-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A folder in which nobody can write, whoever we are. */
export function openReadOnlyFolder(): Disposable & { readonly path: string } {
  const folder = openFolder();
  if (process.getuid?.() !== 0) {
    chmodSync(folder.path, 0o555);
    return folder;
  }
  execFileSync("mount", ["-t", "tmpfs", "-o", "ro", "banger-test", folder.path]);
  const unmount = (): void => {
    execFileSync("umount", [folder.path]);
    folder[Symbol.dispose]();
  };
  return { path: folder.path, [Symbol.dispose]: unmount };
}

export interface Told {
  readonly kind: string;
  readonly mode: string;
  readonly mtimeNs: string;
  readonly what: string;
}

/** Everything below a folder by its path, itself as `.`; names of any bytes as latin1. Names that start with one of `without` are left out. */
export function tell(folder: string, without: readonly string[] = []): Readonly<Record<string, Told>> {
  const told: Record<string, Told> = {};
  const visit = (path: Buffer, name: string): void => {
    const stat = lstatSync(path, { bigint: true });
    const mode = (Number(stat.mode) & 0o7777).toString(8);
    const mtimeNs = String(stat.mtimeNs);
    if (stat.isDirectory()) {
      told[name] = { kind: "folder", mode, mtimeNs, what: "" };
      for (const child of readdirSync(path, { encoding: "buffer" }) as unknown as Buffer[]) {
        const word = child.toString("latin1");
        if (without.some((each) => word.startsWith(each))) continue;
        visit(Buffer.concat([path, Buffer.from("/"), child]), name === "." ? word : `${name}/${word}`);
      }
    } else if (stat.isSymbolicLink()) {
      told[name] = { kind: "link", mode: "", mtimeNs, what: readlinkSync(path, { encoding: "buffer" }).toString("latin1") };
    } else if (stat.isFile()) {
      told[name] = { kind: "file", mode, mtimeNs, what: createHash("sha256").update(readFileSync(path)).digest("hex") };
    } else told[name] = { kind: "other", mode, mtimeNs, what: "" };
  };
  visit(Buffer.from(folder), ".");
  return told;
}

/** A file of `size` bytes that holds data at these offsets and is otherwise a hole. */
export function writeSparse(path: string, size: number, data: readonly (readonly [number, string | Uint8Array])[]): void {
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o644);
  ftruncateSync(descriptor, size);
  for (const [offset, bytes] of data) writeSync(descriptor, Buffer.from(bytes), 0, bytes.length, offset);
  closeSync(descriptor);
}

/** What a file takes on the disk. */
export function allocatedBytes(path: string): number {
  return lstatSync(path).blocks * 512;
}
