import { describe, expect, test } from "bun:test";
import { countCargo, countJunit, judge, sum, totalLine } from "./count.mjs";

describe("counting", () => {
  test("reads the totals of a JUnit report", () => {
    const xml = `<?xml version="1.0"?>\n<testsuites name="bun test" tests="9" assertions="20" failures="2" skipped="1" time="0.1">\n  <testsuite tests="4"/>\n</testsuites>`;
    expect(countJunit(xml)).toEqual({ passed: 6, failed: 2, skipped: 1 });
  });

  test("does not take anything else for a report", () => {
    expect(countJunit(undefined)).toBeUndefined();
    expect(countJunit("")).toBeUndefined();
    expect(countJunit("<testsuite tests='1'/>")).toBeUndefined();
  });

  test("adds up what cargo says of each of its programs", () => {
    const output = [
      "running 3 tests",
      "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
      "test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
    ].join("\n");
    expect(countCargo(output)).toEqual({ passed: 7, failed: 2, skipped: 1 });
    expect(countCargo("error: could not compile")).toBeUndefined();
  });

  test("says the total in one line, skipped ones only when there are some", () => {
    expect(
      totalLine(
        sum([
          { passed: 2, failed: 0, skipped: 0 },
          { passed: 3, failed: 1, skipped: 0 },
        ]),
      ),
    ).toBe("5 passed, 1 failed");
    expect(totalLine({ passed: 1, failed: 0, skipped: 2 })).toBe("1 passed, 0 failed, 2 skipped");
  });
});

describe("judging a suite", () => {
  const good = { passed: 3, failed: 0, skipped: 1 };

  test("takes a good count as it is", () => {
    expect(judge(good, { code: 0 })).toEqual(good);
  });

  test("counts a runner that died as a failure", () => {
    expect(judge(undefined, { code: 139 })).toMatchObject({ passed: 0, failed: 1 });
    expect(judge(good, { code: 1 })).toMatchObject({ passed: 3, failed: 1 });
  });

  test("counts a runner that ran no test as a failure", () => {
    expect(judge({ passed: 0, failed: 0, skipped: 5 }, { code: 0 })).toMatchObject({ failed: 1 });
  });

  test("does not let tests be skipped where guests boot", () => {
    expect(judge(good, { code: 0, boots: true })).toMatchObject({ passed: 3, failed: 1, skipped: 0 });
  });
});
