/** What a daemon does to files, call by call, as the kernel is asked for it: by strace, from outside. */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BANGER, type World } from "../../support/world.ts";

/** One call that succeeded. Paths are absolute; times are seconds since 1970. */
export type FileCall = { readonly at: number } & (
  | { readonly kind: "open"; readonly path: string; readonly creates: boolean; readonly truncates: boolean }
  /** `offset` undefined: behind what is there. */
  | { readonly kind: "write"; readonly path: string; readonly data: Buffer; readonly offset: number | undefined }
  | { readonly kind: "truncate"; readonly path: string; readonly length: number }
  | { readonly kind: "sync"; readonly path: string }
  | { readonly kind: "rename"; readonly path: string; readonly to: string }
  | { readonly kind: "remove"; readonly path: string }
  | { readonly kind: "make-folder"; readonly path: string }
);

export interface TracedDaemon {
  /** Ends the daemon; every call that it made, in order. */
  stop(): Promise<readonly FileCall[]>;
}

const CALLS = "openat,open,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat";
const MOST_BYTES = 2 ** 23;

export async function traceDaemon(world: World): Promise<TracedDaemon> {
  const folder = join(world.folder, "trace");
  mkdirSync(folder);
  const options = [
    "-ff",
    "-ttt",
    "-y",
    "-xx",
    "-s",
    String(MOST_BYTES),
    "-e",
    `trace=${CALLS}`,
    "-e",
    "signal=none",
    "-o",
    join(folder, "t"),
  ];
  const child = spawn("strace", [...options, BANGER, "daemon", "run"], { env: world.environment, stdio: "ignore" });
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  child.once("exit", () => resolve());
  for (const deadline = Date.now() + 60_000; (await world.banger(["daemon", "status"])).code !== 0; await Bun.sleep(50))
    if (Date.now() > deadline || child.exitCode !== null) throw new Error("the traced daemon does not answer");
  return {
    stop: async () => {
      await world.ok(["daemon", "stop"]);
      await ended;
      return readTrace(folder);
    },
  };
}

/** Each thread has a file of its own. */
function readTrace(folder: string): readonly FileCall[] {
  const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), "latin1").split("\n"));
  return lines.flatMap(parseLine).toSorted((a, b) => a.at - b.at);
}

const LINE = /^(?<at>\d+\.\d+) (?<call>\w+)\((?<words>.*)\) += (?<result>-?\d+)(?<about>.*)$/;
const TEXT = /"((?:\\x[0-9a-f]{2})*)"(?:\.\.\.)?/g;

function parseLine(line: string): readonly FileCall[] {
  const { at: time, call = "", words = "", result } = LINE.exec(line)?.groups ?? {};
  if (result === undefined || Number(result) < 0) return [];
  const at = Number(time);
  const texts = [...words.matchAll(TEXT)].map(([, hex]) => decode(hex ?? ""));
  const [first = "", second = ""] = texts.map((bytes) => bytes.toString());
  /** Of the descriptor that comes first. */
  const path = decode(/^\d+<((?:\\x[0-9a-f]{2})*)>/.exec(words)?.[1] ?? "").toString();
  const numbers = words.split(", ").map(Number);
  switch (call) {
    case "open":
    case "openat":
      return [{ at, kind: "open", path: first, creates: words.includes("O_CREAT"), truncates: words.includes("O_TRUNC") }];
    case "write":
      return [{ at, kind: "write", path, data: (texts[0] ?? Buffer.alloc(0)).subarray(0, Number(result)), offset: undefined }];
    case "pwrite64":
      return [{ at, kind: "write", path, data: (texts[0] ?? Buffer.alloc(0)).subarray(0, Number(result)), offset: numbers.at(-1) }];
    case "ftruncate":
      return [{ at, kind: "truncate", path, length: numbers.at(-1) ?? 0 }];
    case "fsync":
    case "fdatasync":
      return [{ at, kind: "sync", path }];
    case "rename":
    case "renameat":
    case "renameat2":
      return [{ at, kind: "rename", path: first, to: second }];
    case "unlink":
    case "unlinkat":
    case "rmdir":
      return [{ at, kind: "remove", path: removedPath(words, first) }];
    case "mkdir":
    case "mkdirat":
      return [{ at, kind: "make-folder", path: first }];
    default:
      return [];
  }
}

/** One that is named from its folder's descriptor. */
function removedPath(words: string, name: string): string {
  const folder = decode(/^\d+<((?:\\x[0-9a-f]{2})*)>/.exec(words)?.[1] ?? "").toString();
  return name.startsWith("/") || folder === "" ? name : join(folder, name);
}

function decode(hex: string): Buffer {
  return Buffer.from(hex.replaceAll("\\x", ""), "hex");
}
