import { expect, test } from "bun:test";
import type { System } from "../system/system.ts";
import { mke2fsProbe } from "./mke2fs-probe.ts";

const look = (stderr: string | undefined) =>
  mke2fsProbe({
    processes: { which: () => (stderr === undefined ? undefined : "/sbin/mke2fs"), run: async () => ({ code: 0, stdout: "", stderr }) },
  } as unknown as System).look(new AbortController().signal);

test.each([
  ["mke2fs 1.47.0 (5-Feb-2023)\n", "fine"],
  ["mke2fs 1.46.6 (1-Feb-2023)\n", "missing"],
  ["mke2fs 2.0 (1-Jan-2030)\n", "fine"],
  ["something else\n", "missing"],
  [undefined, "missing"],
])("of %j it says %s", async (stderr, status) => {
  const answer = await look(stderr);
  expect(answer.status).toBe(status as "fine");
  expect(answer.hint).toBe(status === "fine" ? undefined : "sudo apt install e2fsprogs");
});
