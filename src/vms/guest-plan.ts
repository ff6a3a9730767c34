/** What the agent is told to set up, from the vm's plan, its link and this moment. */
import type { GuestPlan, Peer } from "../agent/agent.ts";
import type { ImageParts } from "../images/images.ts";
import type { Link } from "../network/network.ts";
import type { System } from "../system/system.ts";
import type { VmRecord } from "./vm-record.ts";

const ENTROPY_BYTES = 32;

/** @param image undefined for a guest that runs in place, as the fake driver's does: it has no disks to mount. */
export function makeGuestPlan(
  record: VmRecord,
  link: Link,
  image: Pick<ImageParts, "baseFormat" | "workSeedPath"> | undefined,
  peers: readonly Peer[],
  system: System,
): GuestPlan {
  return {
    hostname: record.name,
    init: record.plan.init,
    time: { unixMs: system.clock.nowMs() },
    entropy: system.random.hex(ENTROPY_BYTES),
    root: image !== undefined ? { base: { serial: "base", format: image.baseFormat }, layer: { serial: "layer" } } : null,
    work: image !== undefined ? { serial: "work", mount: "/root", fill: image.workSeedPath === undefined } : null,
    network: image !== undefined ? (link.guest ?? null) : null,
    env: record.plan.env,
    commands: { image: record.plan.image, user: orNull(record.plan.commands.user), cwd: orNull(record.plan.commands.workingDir) },
    peers,
  };
}

function orNull(text: string): string | null {
  return text === "" ? null : text;
}
