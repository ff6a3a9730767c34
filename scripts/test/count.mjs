/** How many tests passed, failed and were skipped: from what runners write, and added up. */

/** @typedef {{ readonly passed: number, readonly failed: number, readonly skipped: number }} Count */

/** @type {Count} */
const NONE = { passed: 0, failed: 0, skipped: 0 };

/** @param {readonly Count[]} counts @returns {Count} */
export function sum(counts) {
  return counts.reduce(
    (all, one) => ({ passed: all.passed + one.passed, failed: all.failed + one.failed, skipped: all.skipped + one.skipped }),
    NONE,
  );
}

/**
 * The totals of a JUnit report; undefined when it is not one, as when the runner died before it wrote it.
 * @param {string | undefined} xml
 * @returns {Count | undefined}
 */
export function countJunit(xml) {
  const attributes = /<testsuites\b([^>]*)>/.exec(xml ?? "")?.[1];
  if (attributes === undefined) return undefined;
  /** @param {string} name */
  const number = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(attributes)?.[1] ?? 0);
  const failed = number("failures") + number("errors");
  const skipped = number("skipped");
  return { passed: number("tests") - failed - skipped, failed, skipped };
}

/**
 * The sum of the `test result:` lines of cargo; undefined when there is none.
 * @param {string} output
 * @returns {Count | undefined}
 */
export function countCargo(output) {
  const lines = [...output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)];
  if (lines.length === 0) return undefined;
  return sum(lines.map(([, passed, failed, skipped]) => ({ passed: Number(passed), failed: Number(failed), skipped: Number(skipped) })));
}

/**
 * What a suite counts for in the end. A runner that failed without a failed test died; one without any test proves nothing;
 * and where guests boot, a skipped test is a failed one.
 * @param {Count | undefined} count
 * @param {{ code: number, boots?: boolean | undefined }} end
 * @returns {Count & { readonly remark?: string }}
 */
export function judge(count, { code, boots = false }) {
  if (count === undefined) return { ...NONE, failed: 1, remark: `the runner ended with code ${code} and reported nothing` };
  if (count.passed + count.failed === 0) return { ...count, failed: 1, remark: "no test ran" };
  if (code !== 0 && count.failed === 0)
    return { ...count, failed: 1, remark: `no test failed, and yet the runner ended with code ${code}` };
  if (boots && count.skipped > 0) {
    return {
      passed: count.passed,
      failed: count.failed + count.skipped,
      skipped: 0,
      remark: `${count.skipped} skipped, which is not allowed here`,
    };
  }
  return count;
}

/** The last line of a test run. @param {Count} count */
export function totalLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}
