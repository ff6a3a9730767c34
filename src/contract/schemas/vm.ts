/** What a vm looks like from outside. */
import { z } from "zod";
import { forward } from "./forward.ts";
import { imageCommands } from "./image-commands.ts";
import { guestInit } from "./init.ts";

/** The states of a vm; `docs/architecture.md` has the table of moves. */
export const VM_STATES = ["preparing", "stopped", "starting", "running", "paused", "stopping", "broken", "deleting"] as const;
export const vmState = z.enum(VM_STATES);
export type VmState = z.output<typeof vmState>;

export const ACCELERATIONS = ["kvm", "tcg", "none"] as const;

/** A stage of the last start, with what it took. */
export const stageTime = z.strictObject({ stage: z.string(), elapsedMs: z.number() });

/** How a requirement stands; `unknown` when nobody waited to its end. */
export const requirementState = z.strictObject({
  name: z.string(),
  kind: z.enum(["agent", "guest", "tcp", "unit", "command", "file"]),
  state: z.enum(["waiting", "met", "failed", "unknown"]),
  /** From the start of the VMM to when it was met or given up. */
  elapsedMs: z.number().nullable(),
  /** How it was when last looked at. */
  why: z.string().nullable(),
  hint: z.string().nullable(),
});

export const vm = z.strictObject({
  /** 12 hex digits, never used again. */
  id: z.string(),
  name: z.string(),
  state: vmState,
  /** Why it is broken, what is wrong with a guest that runs on, what cannot be read; empty otherwise. */
  problems: z.array(z.string()),
  /** Rises with every change of this vm. */
  generation: z.number().int(),
  image: z.string(),
  kernel: z.string(),
  driver: z.string(),
  acceleration: z.enum(ACCELERATIONS),
  /** Why this acceleration was taken. */
  accelerationReason: z.string(),
  cpus: z.number().int(),
  memoryMiB: z.number().int(),
  init: guestInit,
  /** Sizes of root layer and work disk, in bytes; what they take on disk now. */
  disks: z.strictObject({
    layer: z.strictObject({ bytes: z.number(), allocatedBytes: z.number() }),
    work: z.strictObject({ bytes: z.number(), allocatedBytes: z.number() }).nullable(),
  }),
  /** Ports of the guest that are reached at addresses of this computer while it runs; one that cannot be had is a problem. */
  forwards: z.array(forward),
  /**
   * `mode` is what its link is made of, and `why` tells why: `none` while no VMM runs. `nat` is whether it gets one at each start, with
   * which ports of the host's loopback and which networks around the host. `name` is the network that it has in common with other vms.
   */
  network: z.strictObject({
    mode: z.enum(["none", "rootless", "rooted", "user"]),
    why: z.string().nullable(),
    address: z.string().nullable(),
    nat: z.boolean(),
    name: z.string().nullable(),
    allowHost: z.array(z.number().int()),
    allowLan: z.array(z.string()),
  }),
  env: z.record(z.string(), z.string()),
  /** As its image says; every command runs so unless it says otherwise. */
  commands: imageCommands,
  /** What was set and the running guest has not got yet: as it is now, and as it will be from the next start on. Texts for people. */
  pending: z.array(
    z.strictObject({
      what: z.enum(["cpus", "memory", "root disk", "work disk", "environment", "host name", "network"]),
      now: z.string(),
      next: z.string(),
    }),
  ),
  labels: z.record(z.string(), z.string()),
  ephemeral: z.boolean(),
  /** The VMM's pid while it runs. */
  pid: z.number().int().nullable(),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  /** Times of the last start. */
  stages: z.array(stageTime),
  /** What makes it ready, as the last start found it. */
  requirements: z.array(requirementState),
});
export type Vm = z.output<typeof vm>;
