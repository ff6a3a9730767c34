/**
 * QEMU's `microvm` machine: with KVM where the CPU really virtualizes, emulated everywhere else. It starts without a BIOS's
 * devices, reaches the agent over a virtio-serial port, and runs on without the daemon.
 */
import type { System } from "../../system/system.ts";
import type { Consoles } from "../console/console.ts";
import type { Driver } from "../drivers.ts";
import { adoptQemu } from "./adopt-qemu.ts";
import { QEMU_PROGRAM } from "./arguments.ts";
import { explainEnd } from "./explain-end.ts";
import { launchQemu } from "./launch-qemu.ts";
import { makeProbe } from "./probe.ts";

export interface QemuOptions {
  readonly system: System;
  readonly consoles: Consoles;
  /** A name in PATH or a path. */
  readonly program?: string;
}

/** As `markerOf` writes it, where `-name` puts it. */
const NAME_ARGUMENT = /^guest=banger-(?<vmId>[0-9a-f]+),process=/;

export function makeQemuDriver({ system, consoles, program = QEMU_PROGRAM }: QemuOptions): Driver {
  const parts = { system, consoles };
  return {
    name: "qemu",
    capabilities: { pause: true, growDiskLive: true, snapshot: false, links: ["none", "tap", "user"], isolates: true },
    probe: makeProbe(system, program),
    launch: (plan, signal) => launchQemu(parts, program, plan, signal),
    adopt: (record, signal) => adoptQemu(parts, record, signal),
    explainEnd: async (record) => {
      // Its keeper may have something to write yet.
      await (await consoles.adopt(record)).drained();
      return explainEnd(system, record);
    },
    findStrays: () => [
      ...system.processes.findByArgument("guest=banger-").flatMap(({ argv, ...identity }) => {
        // Somebody who looks for a QEMU may have the same word in his arguments.
        const name = argv.find((_argument, at) => argv[at - 1] === "-name") ?? "";
        const vmId = NAME_ARGUMENT.exec(name)?.groups?.["vmId"];
        return vmId === undefined ? [] : [{ vmId, identity }];
      }),
      ...consoles.findStrays(),
    ],
  };
}
