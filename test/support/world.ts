/**
 * A world for one test: a state of its own (daemon, vms, sockets, config) over the kernels and images that all tests share. It
 * drives the built binary as a person would. What went wrong can be read afterwards: the folder of a failed test is kept below
 * `build/failed`.
 */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readdirSync, readFileSync } from "node:fs";

export const REPOSITORY = resolve(import.meta.dir, "../..");
export const BANGER = process.env["BANGER_BINARY"] ?? join(REPOSITORY, "dist/banger");
/** Kernels, images and downloads, pulled once and kept between runs; a suite that runs beside another one has a copy of its own. */
export const SHARED = process.env["BANGER_TEST_GOODS"] ?? join(REPOSITORY, "build/test-goods");

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Another build, instead of the world's. */
  readonly program?: string;
}

export interface World {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The build that it drives. */
  readonly program: string;
  /** Runs `banger` with these words. */
  banger(words: readonly string[], options?: RunOptions): Promise<Ran>;
  /** As `banger`; throws with everything that was printed unless it ends with code 0. */
  ok(words: readonly string[], options?: RunOptions): Promise<string>;
  /** The one JSON document that `banger ... --json` prints. */
  json<T = Record<string, unknown>>(words: readonly string[], options?: RunOptions): Promise<T>;
  /** The daemon's pid; undefined when none runs. */
  daemonPid(): number | undefined;
}

export interface WorldOptions {
  /** Text of `config.toml`. */
  readonly config?: string;
  /** Words before `banger`, to run it in a network namespace. */
  readonly prefix?: readonly string[];
  /** Kernels and images of this world's own. */
  readonly isolatedGoods?: boolean;
  /** A cache of this world's own, where what was found out about QEMU is kept. */
  readonly isolatedCache?: boolean;
  /** More of the environment; `FOLDER` stands for the world's folder. */
  readonly env?: Readonly<Record<string, string>>;
  /** The build that it drives, instead of that of this checkout; `FOLDER` stands for the world's folder. */
  readonly program?: string;
}

/** Runs `body` in a new world and takes the world down, whatever happens. */
export async function withWorld(options: WorldOptions, body: (world: World) => Promise<void>): Promise<void> {
  const world = await openWorld(options);
  try {
    await body(world);
  } catch (error) {
    await keep(world);
    throw error;
  } finally {
    await closeWorld(world);
  }
}

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "bw-"));
  const goods = options.isolatedGoods === true ? folder : SHARED;
  const environment = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: folder,
    LANG: "C.UTF-8",
    XDG_CONFIG_HOME: join(folder, "config"),
    XDG_STATE_HOME: join(folder, "state"),
    XDG_RUNTIME_DIR: join(folder, "run"),
    XDG_DATA_HOME: join(goods, "data"),
    XDG_CACHE_HOME: join(options.isolatedCache === true ? folder : goods, "cache"),
    ...Object.fromEntries(Object.entries(options.env ?? {}).map(([name, value]) => [name, value.replace("FOLDER", folder)])),
  };
  await mkdir(join(folder, "config/banger"), { recursive: true });
  await mkdir(join(folder, "run"), { mode: 0o700 });
  if (options.config !== undefined) await writeFile(join(folder, "config/banger/config.toml"), options.config);
  const prefix = options.prefix ?? [];
  const program = options.program?.replace("FOLDER", folder) ?? BANGER;
  const banger: World["banger"] = (words, given = {}) =>
    run([...prefix, given.program ?? program, ...words], { ...environment, ...given.env }, given);
  const ok: World["ok"] = async (words, given) => {
    const ran = await banger(words, given);
    if (ran.code !== 0) throw new Error(`banger ${words.join(" ")} ended with ${ran.code}\nstdout: ${ran.stdout}\nstderr: ${ran.stderr}`);
    return ran.stdout;
  };
  return {
    folder,
    environment,
    program,
    banger,
    ok,
    json: async <T>(words: readonly string[], given?: RunOptions) => JSON.parse(await ok([...words, "--json"], given)) as T,
    daemonPid: () => processesOf(folder).find(({ words }) => words.includes("daemon"))?.pid,
  };
}

/** Deletes every vm, stops the daemon, and checks that nothing of the world is left running. */
export async function closeWorld(world: World): Promise<void> {
  const list = (): Promise<Ran> => world.banger(["vm", "list", "--json"]);
  let listed = await list();
  if (listed.code !== 0) {
    // The daemon may be of another version.
    await world.banger(["daemon", "stop"]);
    listed = await list();
  }
  if (listed.code === 0) {
    for (const { name } of vmsOf(listed.stdout)) await world.banger(["vm", "delete", "--force", name]);
  }
  await world.banger(["daemon", "stop"]);
  const left = await waitUntilGone(world.folder);
  for (const { pid } of left) process.kill(pid, "SIGKILL");
  await rm(world.folder, { recursive: true, force: true });
  if (left.length > 0) throw new Error(`left running: ${left.map(({ pid, words }) => `${pid} ${words.join(" ")}`).join("\n")}`);
}

/** Processes with this folder in their arguments or in their environment. */
export function processesOf(folder: string): readonly { readonly pid: number; readonly words: readonly string[] }[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, "utf8")
        .split("\0")
        .filter((word) => word !== "");
      const isOurs = words.some((word) => word.includes(folder)) || readFileSync(`/proc/${name}/environ`, "utf8").includes(folder);
      return isOurs && words.length > 0 ? [{ pid: Number(name), words }] : [];
    } catch {
      return []; // gone meanwhile
    }
  });
}

function vmsOf(json: string): readonly { readonly name: string }[] {
  const parsed = JSON.parse(json) as readonly { name: string }[] | { readonly vms: readonly { name: string }[] };
  return "vms" in parsed ? parsed.vms : parsed;
}

async function waitUntilGone(folder: string): Promise<ReturnType<typeof processesOf>> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const left = processesOf(folder);
    if (left.length === 0 || Date.now() > deadline) return left;
    await Bun.sleep(50);
  }
}

async function keep(world: World): Promise<void> {
  const kept = join(REPOSITORY, "build/failed", `${Date.now()}`);
  await mkdir(kept, { recursive: true });
  await cp(join(world.folder, "state"), kept, {
    recursive: true,
    filter: (path) => !path.endsWith(".ext4") && !path.endsWith(".sock"),
  }).catch((error: unknown) => console.error("cannot keep the state of a failed test", error));
  console.error(`kept for reading: ${kept}`);
  console.error(
    (await readFile(join(world.folder, "state/banger/daemon.log"), "utf8").catch(() => "no daemon log")).split("\n").slice(-40).join("\n"),
  );
}

async function run(argv: readonly string[], env: Readonly<Record<string, string>>, options: RunOptions): Promise<Ran> {
  const [program = "", ...words] = argv;
  const child = spawn(program, words, { env, stdio: ["pipe", "pipe", "pipe"] });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (part: Buffer) => stdout.push(part));
  child.stderr.on("data", (part: Buffer) => stderr.push(part));
  child.stdin.on("error", () => undefined); // a program may end before it has read all
  child.stdin.end(options.input);
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 180_000);
  const { promise, resolve: done, reject } = Promise.withResolvers<number>();
  child.once("error", reject);
  child.once("close", (code, signal) => done(code ?? (signal === "SIGKILL" ? 137 : 255)));
  const code = await promise.finally(() => clearTimeout(timer));
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}
