/**
 * Makes a fresh checkout ready: system packages, npm packages, guest agent, layer merger, SSH server, network helper, binary. Each step looks first and
 * does only what is missing, so that a second run takes a moment.
 *
 *   node scripts/setup.mjs [--tests]
 */
import { pathToFileURL } from "node:url";
import { buildBinary, buildProgram, PROGRAMS } from "./setup/build.mjs";
import { installDependencies } from "./setup/dependencies.mjs";
import { FOR_TESTS, FOR_USE, install, missingOf } from "./setup/packages.mjs";
import { runMain, SetupProblem } from "./setup/problem.mjs";
import { openToolchain } from "./setup/rust.mjs";
import { seconds } from "./setup/seconds.mjs";
import { checkUserIds } from "./setup/user-ids.mjs";

/**
 * Makes everything ready; with `tests`, what the tests need too. Resolves with whether the binary is a new one.
 * @param {{ tests: boolean }} wanted
 */
export async function setUp({ tests }) {
  checkComputer();
  const begin = performance.now();
  const did = [
    await step("system packages", () => installMissing(tests ? [...FOR_USE, ...FOR_TESTS] : FOR_USE)),
    await step("npm packages", installDependencies),
    // Beside each other: the last step of each build leaves processors idle.
    ...(await allOf(PROGRAMS.map((program) => step(program.what, () => buildProgram(program))))),
  ];
  const isNew = await step("banger", buildBinary);
  if (tests) await openToolchain({ tests: true });
  checkUserIds();
  if (!isNew && !did.includes(true)) console.log(`set-up: nothing to do (${seconds(begin)})`);
  return isNew;
}

/**
 * What each came to, when all have ended; the first failure, if there is one.
 * @template Result
 * @param {readonly Promise<Result>[]} works
 */
async function allOf(works) {
  await Promise.allSettled(works);
  return Promise.all(works);
}

function checkComputer() {
  if (process.platform === "linux" && process.arch === "x64") return;
  throw new SetupProblem(`cannot run banger here: it is made for Linux on amd64, and this is ${process.platform} on ${process.arch}`);
}

/** @param {readonly import("./setup/packages.mjs").Package[]} packages */
async function installMissing(packages) {
  const missing = missingOf(packages);
  if (missing.length === 0) return false;
  await install(missing.map(({ name }) => name));
  const still = missingOf(packages).map(({ name }) => name);
  if (still.length > 0) throw new SetupProblem(`cannot go on: installed, and yet not to be found: ${still.join(", ")}`);
  return true;
}

/**
 * @param {string} name
 * @param {() => Promise<boolean>} work
 */
async function step(name, work) {
  const begin = performance.now();
  const did = await work();
  if (did) console.log(`set-up: ${name} (${seconds(begin)})`);
  return did;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await runMain(async () => {
    await setUp({ tests: process.argv.includes("--tests") });
  });
}
