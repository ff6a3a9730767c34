/** Builds the guest agent and the one binary that embeds it, each only when its sources changed. */
import { copyFileSync, existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { spawnSync } from "node:child_process";
import { SetupProblem } from "./problem.mjs";
import { AGENT, BANGER, BUN, inRoot } from "./places.mjs";
import { runOk } from "./programs.mjs";
import { openToolchain } from "./rust.mjs";
import { unlessDone } from "./stamp.mjs";

/** True when there was something to do. */
export function buildAgent() {
  return unlessDone({
    name: "agent",
    sources: ["src", "build.rs", "Cargo.toml", "Cargo.lock", ".cargo", "rust-toolchain.toml"].map((name) => inRoot("guest", name)),
    results: [AGENT],
    async work() {
      const toolchain = await openToolchain({ tests: false });
      place(await cargoBuild(toolchain), AGENT);
    },
  });
}

/**
 * Builds, and resolves with the path of the program: cargo itself says where it is.
 * @param {import("./rust.mjs").Toolchain} toolchain
 */
async function cargoBuild({ cargo, env }) {
  const argv = ["build", "--release", "--locked", "--message-format=json-render-diagnostics"];
  const result = spawnSync(cargo, argv, {
    cwd: inRoot("guest"),
    env,
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (result.error !== undefined || result.status !== 0) {
    throw new SetupProblem(`cannot build the guest agent: cargo ended with ${result.error?.message ?? `code ${result.status}`}, see above`);
  }
  const path = executableIn(result.stdout, "banger-agent");
  if (path === undefined) throw new SetupProblem("cannot build the guest agent: cargo built no program named banger-agent");
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
    sources: [inRoot("src"), inRoot("kernels"), inRoot("package.json"), inRoot("package-lock.json"), inRoot("tsconfig.json"), AGENT],
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
