/** A part of the run, and how long it took. */
import { seconds } from "../setup/seconds.mjs";

/** @typedef {Awaited<ReturnType<typeof import("./run-suite.mjs").runSuite>>} Result */
/** @typedef {{ readonly name: string, readonly took: string, readonly result: Result }} Line */

/**
 * @param {string} name
 * @param {() => Promise<Result>} work
 * @returns {Promise<Line>}
 */
export async function timed(name, work) {
  console.log(`\n=== ${name}`);
  const begin = performance.now();
  const result = await work();
  return { name, took: seconds(begin), result };
}
