/** What is stored of a vm: the plan it was made by, and where it is in its life. */
import { z } from "zod";
import { forward } from "../contract/schemas/forward.ts";
import { imageCommands } from "../contract/schemas/image-commands.ts";
import { guestInit } from "../contract/schemas/init.ts";
import { requirements } from "../contract/schemas/requirement.ts";
import { requirementState, type vmState } from "../contract/schemas/vm.ts";

/** A complete, validated description of a vm to make; pure data, defaults filled in. */
export const vmPlan = z.strictObject({
  image: z.string(),
  kernel: z.string(),
  driver: z.string(),
  cpus: z.number().int().positive(),
  memoryMiB: z.number().int().positive(),
  layerBytes: z.number().int().positive(),
  workBytes: z.number().int().positive(),
  nat: z.boolean(),
  /** The network that it has in common with other vms. */
  network: z.string().nullable(),
  forwards: z.array(forward),
  /** Whether a way out may be one that isolates nothing, where there is no other. */
  unsafeNet: z.boolean(),
  /** Ports of the host's loopback and networks around the host that the guest may reach. */
  allowHost: z.array(z.number().int()),
  allowLan: z.array(z.string()),
  init: guestInit,
  env: z.record(z.string(), z.string()),
  commands: imageCommands,
  labels: z.record(z.string(), z.string()),
  ephemeral: z.boolean(),
  requirements,
});
export type VmPlan = z.output<typeof vmPlan>;

/** What the guest of a run was given; the plan may say more by now. */
export const vmGiven = z.strictObject({
  name: z.string(),
  cpus: z.number().int().positive(),
  memoryMiB: z.number().int().positive(),
  layerBytes: z.number().int().positive(),
  workBytes: z.number().int().positive(),
  env: z.record(z.string(), z.string()),
  network: z.string().nullable(),
});
export type VmGiven = z.output<typeof vmGiven>;

/** One run of the VMM: what is needed to find it again, and what the last start was like. */
export const vmBoot = z.strictObject({
  vmm: z
    .strictObject({
      driver: z.string(),
      vmId: z.string(),
      identity: z.strictObject({ pid: z.number().int(), startTicks: z.number(), bootId: z.string() }),
      runFolder: z.string(),
    })
    .nullable(),
  acceleration: z.enum(["kvm", "tcg", "none"]),
  accelerationReason: z.string(),
  networkMode: z.enum(["none", "rootless", "rooted", "user"]),
  networkWhy: z.string(),
  address: z.string().nullable(),
  startedAt: z.number().nullable(),
  given: vmGiven,
  /** How its readiness stands; empty until the agent answers. */
  requirements: z.array(requirementState),
  stages: z.array(z.strictObject({ stage: z.string(), elapsedMs: z.number() })),
});
export type VmBoot = z.output<typeof vmBoot>;

export type VmRequirement = z.output<typeof requirementState>;

/** A row. `boot` is null until the first start. */
export interface VmRecord {
  readonly id: string;
  readonly name: string;
  readonly state: z.output<typeof vmState>;
  readonly generation: number;
  /** Why it is broken. */
  readonly problem: string | null;
  readonly plan: VmPlan;
  readonly boot: VmBoot | null;
  readonly createdAt: number;
}
