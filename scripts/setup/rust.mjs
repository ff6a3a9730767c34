/** A Rust toolchain that can build the guest agent: the user's own when it is new enough, else Debian's `-web` packages. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { SetupProblem } from "./problem.mjs";
import { install } from "./packages.mjs";
import { inRoot } from "./places.mjs";
import { answerOf, isProgram, which } from "./programs.mjs";

/** Edition 2024; `rust-version` in guest/Cargo.toml may ask for more. */
const OLDEST = "1.85";
/** Debian 12's `cargo` is of 2022; these packages follow upstream. */
const PACKAGES = ["rustc-web", "cargo-web"];
const TEST_PACKAGES = ["rust-web-clippy", "rustfmt-web"];

/**
 * A toolchain: cargo's path and an environment in which it finds its own rustc first.
 * @typedef {{ readonly cargo: string, readonly env: NodeJS.ProcessEnv }} Toolchain
 */

/**
 * Finds a toolchain, or installs one. With `tests`, clippy and rustfmt too.
 * @param {{ tests: boolean }} wanted
 * @returns {Promise<Toolchain>}
 */
export async function openToolchain({ tests }) {
  let toolchain = findToolchain();
  if (toolchain === undefined) {
    await install(tests ? [...PACKAGES, ...TEST_PACKAGES] : PACKAGES);
    toolchain = findToolchain();
    if (toolchain === undefined) throw new SetupProblem(`cannot find Rust ${oldest()} or newer after installing ${PACKAGES.join(", ")}`);
  }
  if (tests) await addTestTools(toolchain);
  return toolchain;
}

/** @returns {Toolchain | undefined} */
function findToolchain() {
  const cargoHome = process.env["CARGO_HOME"] ?? join(homedir(), ".cargo");
  for (const cargo of [which("cargo"), join(cargoHome, "bin/cargo"), "/usr/bin/cargo"]) {
    if (cargo === undefined || !isProgram(cargo)) continue;
    const env = { ...process.env, PATH: `${dirname(cargo)}${delimiter}${process.env["PATH"] ?? ""}` };
    const both = [cargo, join(dirname(cargo), "rustc")].map((program) => answerOf([program, "--version"], { env, cwd: inRoot("guest") }));
    if (both.every((answer) => isAtLeast(answer?.split(" ")[1], oldest()))) return { cargo, env };
  }
  return undefined;
}

/** @param {Toolchain} toolchain */
async function addTestTools(toolchain) {
  const missing = ["clippy", "fmt"].filter(
    (tool) => answerOf([toolchain.cargo, tool, "--version"], { env: toolchain.env, cwd: inRoot("guest") }) === undefined,
  );
  if (missing.length === 0) return;
  if (toolchain.cargo === "/usr/bin/cargo") return install(TEST_PACKAGES);
  throw new SetupProblem(
    `cannot check the guest agent: ${toolchain.cargo} has no ${missing.join(" and no ")}`,
    "rustup component add clippy rustfmt",
  );
}

function oldest() {
  const manifest = inRoot("guest/Cargo.toml");
  return (existsSync(manifest) && /^rust-version\s*=\s*"([\d.]+)"/m.exec(readFileSync(manifest, "utf8"))?.[1]) || OLDEST;
}

/**
 * Compares versions part by part, as far as the wanted one goes.
 * @param {string | undefined} found
 * @param {string} wanted
 */
export function isAtLeast(found, wanted) {
  if (found === undefined) return false;
  const parts = found.split(".").map(Number.parseFloat);
  for (const [index, part] of wanted.split(".").map(Number).entries()) {
    const difference = (parts[index] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
