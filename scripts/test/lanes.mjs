/** Suites beside each other: each waits for guests, deadlines and disks much of the time. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { inRoot } from "../setup/places.mjs";
import { runSuite } from "./run-suite.mjs";
import { timed } from "./timed.mjs";

/** On two processors two lanes leave one idle; more than these would find what the machine cannot do in time, not what is wrong. */
const LANES = 3;

/**
 * Those that want the machine for themselves first, then the others in lanes. Beside each other, their lines begin with the name of the
 * suite, and each has goods of its own: a daemon that starts sweeps what another one is in the middle of making.
 * @param {readonly import("./suites.mjs").Suite[]} suites
 * @param {NodeJS.ProcessEnv} env
 */
export async function runInLanes(suites, env) {
  const lines = [];
  for (const suite of suites.filter(({ beside }) => beside !== true)) lines.push(await timed(suite.name, () => runSuite(suite, env)));
  const queue = suites.filter(({ beside }) => beside === true);
  const lanes = availableParallelism() > 1 ? Math.min(LANES, queue.length) : 1;
  const runLane = async () => {
    for (let suite = queue.shift(); suite !== undefined; suite = queue.shift()) {
      lines.push(await timed(suite.name, () => (lanes > 1 ? runBeside(suite, env) : runSuite(suite, env))));
    }
  };
  await Promise.all(Array.from({ length: lanes }, runLane));
  return lines;
}

/**
 * @param {import("./suites.mjs").Suite} suite
 * @param {NodeJS.ProcessEnv} env
 */
async function runBeside(suite, env) {
  const label = `${suite.name}: `;
  if (suite.needs !== "goods") return await runSuite(suite, env, label);
  const goods = copyGoods(suite.name);
  try {
    return await runSuite(suite, { ...env, BANGER_TEST_GOODS: goods }, label);
  } finally {
    rmSync(goods, { recursive: true, force: true });
  }
}

/** A copy, not links: tests damage files of it. @param {string} name */
function copyGoods(name) {
  const goods = inRoot("build/suite-goods", name);
  rmSync(goods, { recursive: true, force: true });
  mkdirSync(dirname(goods), { recursive: true });
  execFileSync("cp", ["-a", "--reflink=auto", inRoot("build/test-goods"), goods]);
  return goods;
}
