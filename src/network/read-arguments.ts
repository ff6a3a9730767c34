import { readFileSync } from "node:fs";
import type { ProcessIdentity } from "../system/system.ts";

/** The argv of a process that may end at any moment, as one text; empty when it has. */
export function readArguments({ pid }: ProcessIdentity): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && ["ENOENT", "ESRCH", "EACCES"].includes(String(thrown.code))) return "";
    throw thrown;
  }
}
