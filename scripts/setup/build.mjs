/** Builds the four Rust programs and the one binary that embeds them, each only when its sources changed. */
import { copyFileSync, existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { spawnSync } from "node:child_process";
import { SetupProblem } from "./problem.mjs";
import { AGENT, BANGER, BUN, LAYERS, NETHELPER, SSHD, inRoot } from "./places.mjs";
import { runOk } from "./programs.mjs";
import { openToolchain } from "./rust.mjs";
import { unlessDone } from "./stamp.mjs";

/** True when there was something to do. */
export function buildAgent() {
  return buildProgram({ name: "agent", folder: "guest", program: "banger-agent", result: AGENT });
}

/** True when there was something to do. */
export function buildLayers() {
  return buildProgram({ name: "layers", folder: "layers", program: "banger-layers", result: LAYERS });
}

/** True when there was something to do. */
export function buildSshd() {
  return buildProgram({ name: "sshd", folder: "sshd", program: "banger-sshd", result: SSHD });
}

/** True when there was something to do. */
export function buildNethelper() {
  return buildProgram({ name: "nethelper", folder: "nethelper", program: "banger-nethelper", result: NETHELPER });
}

/**
 * Builds a Rust program, when its sources have changed, and puts it where the binary is built from.
 * @typedef {{ readonly name: string, readonly folder: string, readonly program: string, readonly result: string }} Program
 * @param {Program} program
 */
function buildProgram({ name, folder, program, result }) {
  return unlessDone({
    name,
    sources: ["src", "Cargo.toml", "Cargo.lock", ".cargo"].map((source) => inRoot(folder, source)),
    results: [result],
    async work() {
      const toolchain = await openToolchain({ tests: false });
      place(await cargoBuild(toolchain, folder, program), result);
    },
  });
}

/**
 * Builds, and resolves with the path of the program: cargo itself says where it is.
 * @param {import("./rust.mjs").Toolchain} toolchain
 * @param {string} folder
 * @param {string} program
 */
async function cargoBuild({ cargo, env }, folder, program) {
  const argv = ["build", "--release", "--locked", "--message-format=json-render-diagnostics"];
  const result = spawnSync(cargo, argv, {
    cwd: inRoot(folder),
    env,
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (result.error !== undefined || result.status !== 0) {
    throw new SetupProblem(`cannot build ${program}: cargo ended with ${result.error?.message ?? `code ${result.status}`}, see above`);
  }
  const path = executableIn(result.stdout, program);
  if (path === undefined) throw new SetupProblem(`cannot build ${program}: cargo built no program of that name`);
  return path;
}

/**
 * The path of a program in cargo's JSON messages.
 * @param {string} messages
 * @param {string} name
 * @returns {string | undefined}
 */
export function executableIn(messages, name) {
  const artifacts = messages
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
  return artifacts.find((one) => one.reason === "compiler-artifact" && one.target.name === name && typeof one.executable === "string")
    ?.executable;
}

/** True when there was something to do. */
export function buildBinary() {
  if (!existsSync(inRoot("src/cli/main.ts"))) throw new SetupProblem("cannot build banger: there is no src/cli/main.ts");
  return unlessDone({
    name: "binary",
    sources: [
      inRoot("src"),
      inRoot("kernels"),
      inRoot("package.json"),
      inRoot("package-lock.json"),
      inRoot("tsconfig.json"),
      AGENT,
      LAYERS,
      SSHD,
      NETHELPER,
    ],
    results: [BANGER],
    async work() {
      mkdirSync(dirname(BANGER), { recursive: true });
      const fresh = `${BANGER}.new`;
      await runOk([BUN, "build", "--compile", "--bytecode", "--format=esm", "--splitting", inRoot("src/cli/main.ts"), "--outfile", fresh]);
      renameSync(fresh, BANGER);
    },
  });
}

/**
 * Copies beside, then renames: a program that runs keeps its file.
 * @param {string} from
 * @param {string} to
 */
function place(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, `${to}.new`);
  renameSync(`${to}.new`, to);
}
