/** What making an image needs. */
import type { Probe } from "../../contract/probe.ts";
import type { System } from "../../system/system.ts";
import { chooseMode } from "./choose-mode.ts";

const DEADLINE_MS = 20_000;
const WHAT = "cannot make images";

export function imageProbes(system: System, uid: number): readonly Probe[] {
  const program = (name: string, packageName: string): Probe => ({
    name,
    deadlineMs: DEADLINE_MS,
    look: async () => {
      const path = system.processes.which(name);
      if (path !== undefined) return { status: "fine", detail: path };
      return { status: "missing", detail: `${name} is not installed`, hint: `sudo apt install ${packageName}` };
    },
  });
  return [
    program("mmdebstrap", "mmdebstrap"),
    program("tar2sqfs", "squashfs-tools-ng"),
    ...(uid === 0 ? [] : [program("newuidmap", "uidmap")]),
    {
      name: "user ids",
      deadlineMs: DEADLINE_MS,
      look: async (signal) => {
        if (system.processes.which("mmdebstrap") === undefined)
          return { status: "not used", detail: "without mmdebstrap they are of no use" };
        // Throws with what to type.
        const mode = await chooseMode(system, uid, WHAT, signal);
        return { status: "fine", detail: mode === "root" ? "root's own: user namespaces are switched off" : "a range for a namespace" };
      },
    },
  ];
}
