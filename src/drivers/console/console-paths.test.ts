import { expect, test } from "bun:test";
import { consolePaths, keeperArguments, vmOfKeeper } from "./console-paths.ts";

test("a keeper is found by its arguments, and nothing else is", () => {
  const paths = consolePaths("/run/banger/v/0123456789ab");
  const argv = keeperArguments("/cache/banger-agent-00", paths, "/state/vms/0123456789ab/console.log", 2 ** 24);
  expect(argv.slice(1)).toEqual([
    "keep-console",
    ...["--input", "/run/banger/v/0123456789ab/console.in"],
    ...["--log", "/state/vms/0123456789ab/console.log", "--most", "16777216"],
  ]);
  // As /proc has it, with an empty word at the end.
  expect(vmOfKeeper([...argv, ""])).toBe("0123456789ab");
  for (const other of [["vi", "keep-console"], ["a", "keep-console", "--input", "/x/console.in"], ["a", "keep-console"], []])
    expect(vmOfKeeper(other)).toBeUndefined();
});
