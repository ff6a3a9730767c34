import type { Probe } from "../../contract/probe.ts";
import type { System } from "../../system/system.ts";

const DEADLINE_MS = 10_000;

/** Whether images can be built by Dockerfiles. Who builds by recipes, or not at all, misses nothing. */
export function buildahProbe({ processes }: Pick<System, "processes">): Probe {
  return {
    name: "buildah",
    deadlineMs: DEADLINE_MS,
    look: async (signal) => {
      if (processes.which("buildah") === undefined)
        return { status: "not used", detail: "buildah is not installed", hint: "sudo apt install buildah, to build images by Dockerfiles" };
      const { code, stdout, stderr } = await processes.run(["buildah", "--version"], { timeoutMs: DEADLINE_MS, signal });
      const version = /version (\d\S*)/.exec(stdout)?.[1];
      if (code === 0 && version !== undefined) return { status: "fine", detail: `version ${version}` };
      const why = stderr.trim().split("\n").at(-1) ?? "";
      return { status: "missing", detail: `buildah does not start: ${why}`, hint: "sudo apt install --reinstall buildah" };
    },
  };
}
