/** Finding programs and running them. Arguments are always a list, never a shell's text. */
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupProblem } from "./problem.mjs";
import { ROOT } from "./places.mjs";

/** Where a user's PATH on Debian does not look, though `mkfs.ext4` and `ip` are there. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/**
 * The path of a program, or undefined.
 * @param {string} program
 */
export function which(program) {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, program)).find(isProgram);
}

/** @param {string} path */
export function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * What a program says on stdout when asked; undefined when it cannot be run or fails.
 * @param {readonly string[]} argv
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, errors?: "hidden" | "shown" }} [options] `errors`: its stderr
 * @returns {string | undefined}
 */
export function answerOf([program = "", ...rest], options = {}) {
  const result = spawnSync(program, rest, {
    cwd: options.cwd ?? ROOT,
    env: options.env ?? process.env,
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
    stdio: ["ignore", "pipe", options.errors === "shown" ? "inherit" : "ignore"],
  });
  return result.status === 0 ? result.stdout : undefined;
}

/**
 * Runs a program to its end with our own terminal; resolves with its exit code, 128 + n for a signal.
 * @param {readonly string[]} argv
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, input?: "none" | "ours" }} [options]
 * @returns {Promise<number>}
 */
export function run([program = "", ...rest], options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, {
      cwd: options.cwd ?? ROOT,
      env: options.env ?? process.env,
      stdio: [options.input === "ours" ? "inherit" : "ignore", "inherit", "inherit"],
    });
    child.on("error", (error) => reject(new SetupProblem(`cannot run ${program}: ${error.message}`)));
    child.on("close", (code) => resolve(code ?? 128));
  });
}

/**
 * As `run`; any end but code 0 is a problem.
 * @param {readonly string[]} argv
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, hint?: string }} [options]
 */
export async function runOk(argv, options = {}) {
  const code = await run(argv, options);
  if (code !== 0) throw new SetupProblem(`cannot go on: ${argv.join(" ")}: ended with code ${code}`, options.hint);
}
