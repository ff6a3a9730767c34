/** Builds the four Rust programs and the one binary that embeds them, each only when its sources changed. */
import { copyFileSync, existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { spawn } from "node:child_process";
import { SetupProblem } from "./problem.mjs";
import { AGENT, BANGER, BUN, LAYERS, NETHELPER, SSHD, inRoot } from "./places.mjs";
import { runOk } from "./programs.mjs";
import { openToolchain } from "./rust.mjs";
import { unlessDone } from "./stamp.mjs";

/**
 * @typedef {object} Program
 * @property {string} what it is, for people
 * @property {string} name of its stamp
 * @property {string} folder
 * @property {string} program as cargo calls it
 * @property {string} result
 */

/** @type {readonly Program[]} */
export const PROGRAMS = [
  { what: "guest agent", name: "agent", folder: "guest", program: "banger-agent", result: AGENT },
  { what: "layer merger", name: "layers", folder: "layers", program: "banger-layers", result: LAYERS },
  { what: "SSH server", name: "sshd", folder: "sshd", program: "banger-sshd", result: SSHD },
  { what: "network helper", name: "nethelper", folder: "nethelper", program: "banger-nethelper", result: NETHELPER },
];

/** The one toolchain of all: two that look for it at once might both install it. @type {ReturnType<typeof openToolchain> | undefined} */
let toolchain;

/**
 * Builds a Rust program, when its sources have changed, and puts it where the binary is built from. True when there was something to do.
 * @param {Program} program
 */
export function buildProgram({ name, folder, program, result }) {
  return unlessDone({
    name,
    sources: ["src", "Cargo.toml", "Cargo.lock", ".cargo"].map((source) => inRoot(folder, source)),
    results: [result],
    async work() {
      toolchain ??= openToolchain({ tests: false });
      place(await cargoBuild(await toolchain, folder, program), result);
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
  const { end, stdout } = await collect(spawn(cargo, argv, { cwd: inRoot(folder), env, stdio: ["ignore", "pipe", "inherit"] }));
  if (end !== undefined) throw new SetupProblem(`cannot build ${program}: cargo ended with ${end}, see above`);
  const path = executableIn(stdout, program);
  if (path === undefined) throw new SetupProblem(`cannot build ${program}: cargo built no program of that name`);
  return path;
}

/**
 * What a program printed, and how it ended unless it was well.
 * @param {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, null>} child
 * @returns {Promise<{ stdout: string, end: string | undefined }>}
 */
function collect(child) {
  return new Promise((resolve) => {
    /** @type {Buffer[]} */
    const parts = [];
    child.stdout.on("data", (part) => parts.push(part));
    child.once("error", (error) => resolve({ stdout: "", end: error.message }));
    child.once("close", (code, signal) =>
      resolve({ stdout: Buffer.concat(parts).toString(), end: code === 0 ? undefined : `code ${code ?? signal}` }),
    );
  });
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
