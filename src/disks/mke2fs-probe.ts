import type { Probe } from "../contract/probe.ts";
import type { System } from "../system/system.ts";
import { MKE2FS_MIN_VERSION } from "./ext4-arguments.ts";

const DEADLINE_MS = 10_000;
const HINT = "sudo apt install e2fsprogs";

/** Whether there is an mke2fs that makes our disks. */
export function mke2fsProbe({ processes }: Pick<System, "processes">): Probe {
  return {
    name: "mke2fs",
    deadlineMs: DEADLINE_MS,
    look: async (signal) => {
      if (processes.which("mke2fs") === undefined) return { status: "missing", detail: "mke2fs is not installed", hint: HINT };
      const { stderr } = await processes.run(["mke2fs", "-V"], { timeoutMs: DEADLINE_MS, signal });
      const version = /mke2fs (\d+\.\d+)/.exec(stderr)?.[1] ?? "0.0";
      if (isAtLeast(version, MKE2FS_MIN_VERSION)) return { status: "fine", detail: `version ${version}` };
      return { status: "missing", detail: `version ${version} is older than ${MKE2FS_MIN_VERSION}`, hint: HINT };
    },
  };
}

function isAtLeast(version: string, least: string): boolean {
  const [[major = 0, minor = 0] = [], [leastMajor = 0, leastMinor = 0] = []] = [version, least].map((text) => text.split(".").map(Number));
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
