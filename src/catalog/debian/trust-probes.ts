/** What verifying an archive needs. */
import type { Probe } from "../../contract/probe.ts";
import type { System } from "../../system/system.ts";

const DEADLINE_MS = 10_000;

/** @param keyrings of which one must be there. */
export function trustProbes({ processes, files }: Pick<System, "processes" | "files">, keyrings: readonly string[]): readonly Probe[] {
  return [
    {
      name: "gpgv",
      deadlineMs: DEADLINE_MS,
      look: async () => {
        const path = processes.which("gpgv");
        if (path !== undefined) return { status: "fine", detail: path };
        return { status: "missing", detail: "gpgv is not installed", hint: "sudo apt install gpgv" };
      },
    },
    {
      name: "keyring",
      deadlineMs: DEADLINE_MS,
      look: async () => {
        const found = await Promise.all(keyrings.map((path) => files.find(path)));
        const path = keyrings.find((_, at) => found[at] !== undefined);
        if (path !== undefined) return { status: "fine", detail: path };
        return { status: "missing", detail: `there is none at ${keyrings.join(" or ")}`, hint: "sudo apt install debian-archive-keyring" };
      },
    },
  ];
}
