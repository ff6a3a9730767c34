/** What the agent is told to set up, from the vm's plan, its link and this moment. */
import type { GuestPlan } from "../agent/agent.ts";
import type { ImageParts } from "../images/images.ts";
import type { Link } from "../network/network.ts";
import type { System } from "../system/system.ts";
import type { VmRecord } from "./vm-record.ts";

const ENTROPY_BYTES = 32;

/** @param baseFormat undefined for a guest that runs in place, as the fake driver's does: it has no disks to mount. */
export function makeGuestPlan(record: VmRecord, link: Link, baseFormat: ImageParts["baseFormat"] | undefined, system: System): GuestPlan {
  const isolates = baseFormat !== undefined;
  return {
    hostname: record.name,
    init: record.plan.init,
    time: { unixMs: system.clock.nowMs() },
    entropy: system.random.hex(ENTROPY_BYTES),
    root: isolates ? { base: { serial: "base", format: baseFormat }, layer: { serial: "layer" } } : null,
    work: isolates ? { serial: "work", mount: "/root" } : null,
    network: isolates ? (link.guest ?? null) : null,
    env: record.plan.env,
  };
}
