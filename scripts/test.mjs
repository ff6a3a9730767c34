/**
 * Every check and every test, going on after failures. The last line is `N passed, N failed`, over all of them.
 *
 *   node scripts/test.mjs [--quick | --full] [SUITE...]
 *
 * `--quick` runs what needs neither Rust nor a VM; names run those suites alone.
 */
import { existsSync } from "node:fs";
import { setUp } from "./setup.mjs";
import { installDependencies } from "./setup/dependencies.mjs";
import { BUN } from "./setup/places.mjs";
import { runMain, SetupProblem } from "./setup/problem.mjs";
import { sum, totalLine } from "./test/count.mjs";
import { testEnvironment } from "./test/environment.mjs";
import { failureText } from "./test/failures.mjs";
import { runInLanes } from "./test/lanes.mjs";
import { endGroupsWithUs } from "./test/run-suite.mjs";
import { SUITES } from "./test/suites.mjs";
import { timed } from "./test/timed.mjs";

await runMain(async () => {
  const quick = process.argv.includes("--quick");
  const wanted = chosen(
    process.argv.slice(2).filter((word) => !word.startsWith("--")),
    quick,
  );
  endGroupsWithUs();

  const lines = [await timed("set-up", () => prepare(quick))];
  const env = testEnvironment({ full: process.argv.includes("--full") });
  if (existsSync(BUN)) lines.push(...(await runInLanes(wanted, env)));
  else console.error("no tests were run: there is no bun to run them");
  return report(lines);
});

/**
 * @param {readonly string[]} names
 * @param {boolean} quick
 */
function chosen(names, quick) {
  const unknown = names.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0)
    throw new SetupProblem(`no such suite: ${unknown.join(", ")}`, `one of ${SUITES.map(({ name }) => name).join(", ")}`);
  const asked = SUITES.filter((suite) =>
    names.length > 0 ? names.includes(suite.name) : suite.onDemand !== true && (!quick || suite.quick),
  );
  const needed = new Set(asked.flatMap(({ needs }) => needs ?? []));
  return SUITES.filter((suite) => asked.includes(suite) || needed.has(suite.name));
}

/**
 * Set-up is the first check: where it fails, what can run still runs.
 * @param {boolean} quick
 * @returns {Promise<import("./test/timed.mjs").Result>}
 */
async function prepare(quick) {
  try {
    await (quick ? installDependencies() : setUp({ tests: true }));
    return { passed: 1, failed: 0, skipped: 0 };
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    console.error(`${error.message}${error.hint === undefined ? "" : `\nTry: ${error.hint}`}`);
    return { passed: 0, failed: 1, skipped: 0, remark: error.message };
  }
}

/** @param {readonly import("./test/timed.mjs").Line[]} lines */
function report(lines) {
  console.log("");
  for (const { name, took, result } of lines) {
    const remark = result.remark === undefined ? "" : ` (${result.remark})`;
    console.log(`${result.failed === 0 ? "ok  " : "FAIL"} ${name.padEnd(13)} ${took.padStart(12)}   ${totalLine(result)}${remark}`);
  }
  for (const { name, result } of lines) for (const failure of result.failures ?? []) console.log(`\n${name}:${failureText(failure)}`);
  const total = sum(lines.map(({ result }) => result));
  console.log(`\n${totalLine(total)}`);
  return total.failed === 0 ? 0 : 1;
}
