/** Runs one suite with its output passed on as it comes, and counts it. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { BUN, inRoot, ROOT } from "../setup/places.mjs";
import { openToolchain } from "../setup/rust.mjs";
import { countCargo, countJunit, judge } from "./count.mjs";
import { failuresIn } from "./failures.mjs";

/** Process groups that run now, to end with us. @type {Set<number>} */
const groups = new Set();

/**
 * The count, and of what failed the reasons.
 * @param {import("./suites.mjs").Suite} suite
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [label] what each of its lines begins with
 * @returns {Promise<import("./count.mjs").Count & { readonly remark?: string, readonly failures?: readonly import("./failures.mjs").Failure[] }>}
 */
export async function runSuite(suite, env, label) {
  const { count, output } = suite.kind === "bun" ? await runBun(suite, env, label) : await runOther(suite, env, label);
  return count.failed === 0 ? count : { ...count, failures: failuresIn(suite.kind, output) };
}

/**
 * @param {import("./suites.mjs").Suite} suite
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [label]
 */
async function runOther(suite, env, label) {
  const { argv, env: withTools } = suite.argv[0] === "cargo" ? await withCargo(suite.argv, env) : { argv: suite.argv, env };
  const { code, output } = await runTee(argv, suite, withTools, label);
  if (suite.kind === "cargo") return { count: judge(countCargo(output), { code }), output };
  const passed = code === 0 ? 1 : 0;
  return { count: { passed, failed: 1 - passed, skipped: 0, ...(passed === 1 ? {} : { remark: `ended with code ${code}` }) }, output };
}

/**
 * @param {import("./suites.mjs").Suite} suite
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [label]
 */
async function runBun(suite, env, label) {
  const report = inRoot("build/test-reports", `${suite.name}.xml`);
  mkdirSync(dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const folders = suite.argv.filter((folder) => existsSync(inRoot(folder)));
  const timeoutMs = suite.boots === true ? 180_000 : 60_000;
  const argv = [BUN, "test", "--timeout", String(timeoutMs), "--reporter=junit", `--reporter-outfile=${report}`, ...folders];
  const { code, output } = await runTee(argv, suite, env, label);
  const xml = existsSync(report) ? readFileSync(report, "utf8") : undefined;
  return { count: judge(countJunit(xml), { code, boots: suite.boots }), output };
}

/**
 * @param {readonly string[]} argv
 * @param {NodeJS.ProcessEnv} env
 */
async function withCargo(argv, env) {
  const toolchain = await openToolchain({ tests: true });
  return { argv: [toolchain.cargo, ...argv.slice(1)], env: { ...env, PATH: toolchain.env["PATH"], CARGO_TERM_COLOR: "never" } };
}

/**
 * Runs a program in a process group of its own, keeps what it says and passes it on. At the suite's deadline the group is killed.
 * @param {readonly string[]} argv
 * @param {import("./suites.mjs").Suite} suite
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [label]
 * @returns {Promise<{ code: number, output: string }>}
 */
function runTee([program = "", ...rest], suite, env, label) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { cwd: suite.folder ?? ROOT, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const group = child.pid;
    if (group !== undefined) groups.add(group);
    let output = "";
    for (const [from, to] of /** @type {const} */ ([
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ])) {
      const pass =
        label === undefined ? (/** @type {string} */ text) => void to.write(text) : byLine((line) => to.write(`${label}${line}\n`));
      from.setEncoding("utf8").on("data", (text) => {
        output += text;
        pass(text);
      });
    }
    const minutes = env["BANGER_TEST_FULL"] === undefined ? suite.minutes : (suite.fullMinutes ?? suite.minutes);
    const deadline = setTimeout(() => {
      console.error(`${suite.name}: still running after ${minutes} minutes; ending it`);
      killGroup(group);
    }, minutes * 60_000);
    // `exit`, not `close`: a process that a test left behind may hold our pipes for ever.
    child.on("exit", (code) => {
      clearTimeout(deadline);
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        if (group !== undefined) groups.delete(group);
        resolve({ code: code ?? 128, output });
      }, 200);
    });
    child.on("error", reject);
  });
}

/**
 * Two suites that run beside each other do not cut each other's lines apart. A last line without an end is not passed on.
 * @param {(line: string) => void} tell
 */
function byLine(tell) {
  let begun = "";
  return (/** @type {string} */ text) => {
    const lines = `${begun}${text}`.split("\n");
    begun = lines.pop() ?? "";
    for (const line of lines) tell(line);
  };
}

/** @param {number | undefined} group */
function killGroup(group) {
  if (group === undefined) return;
  try {
    process.kill(-group, "SIGKILL");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
  }
}

/** Ends what runs when we are told to end. */
export function endGroupsWithUs() {
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.once(signal, () => {
      for (const group of groups) killGroup(group);
      process.exit(130);
    });
  }
}
