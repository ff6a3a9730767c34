import { readFileSync } from "node:fs";
import type { ProcessIdentity } from "../system/system.ts";

/** The argv of a process that may end at any moment; empty when it has. */
export function readArguments({ pid }: ProcessIdentity): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && (thrown.code === "ENOENT" || thrown.code === "ESRCH" || thrown.code === "EACCES"))
      return [];
    throw thrown;
  }
}
