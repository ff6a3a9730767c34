/** The daemon itself: started where nothing is cached, and stopped. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Step } from "./step.ts";
import { running } from "./vms.ts";

export const DAEMON_STEPS: readonly Step[] = [
  {
    ...running,
    name: "a daemon's first start",
    atLast: async ({ world }) => {
      await world.ok(["daemon", "stop"]);
      rmSync(join(world.folder, "cache/banger"), { recursive: true });
    },
    words: () => ["vm", "list"],
    done: "running",
  },
  { ...running, name: "daemon stop", words: () => ["daemon", "stop"], done: "running" },
];
