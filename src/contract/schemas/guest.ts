/**
 * What a guest says of itself. The guest is not trusted: these schemas parse its very bytes, so every number is bounded and every
 * text has a length. What they let through is still only what the guest says.
 */
import { isIP } from "node:net";
import { z } from "zod";

/** A whole number that a JSON document can carry exactly; never NaN, never infinite. */
const count = z.int().min(0);

const diskUse = z.strictObject({ totalBytes: count, usedBytes: count, availableBytes: count });

/** Bytes since its boot; who wants a rate asks twice. */
export const traffic = z.strictObject({ receivedBytes: count, sentBytes: count });

/** What a guest uses of what it was given. Counters count from its boot on. */
export const guestStats = z.strictObject({
  uptimeMs: count,
  cpus: count,
  /** Of all processors together, in steps of 10 ms; `stolenMs` is what the host gave to others. */
  cpu: z.strictObject({ busyMs: count, idleMs: count, stolenMs: count }),
  /** `availableBytes`: what programs could still get, caches given up. */
  memory: z.strictObject({ totalBytes: count, freeBytes: count, availableBytes: count }),
  /** Over 1, 5 and 15 minutes. */
  load: z.tuple([z.number().min(0).max(1e9), z.number().min(0).max(1e9), z.number().min(0).max(1e9)]),
  processes: count,
  network: traffic,
  root: diskUse,
  /** Of the work disk; null without one. */
  home: diskUse.nullable(),
});
export type GuestStats = z.output<typeof guestStats>;

/** The most that a guest may tell in one answer. */
const MOST_PORTS = 512;

export const guestPort = z.strictObject({
  protocol: z.enum(["tcp", "udp"]),
  /** IPv4 or IPv6; 0.0.0.0 and :: are all of the guest's addresses. */
  address: z
    .string()
    .max(45)
    .refine((text) => isIP(text) !== 0, "must be an address"),
  port: z.int().min(1).max(65_535),
  /** The oldest of those that hold the socket; null for what the guest's kernel itself listens on, and what could not be found. */
  process: z
    .strictObject({
      pid: z
        .int()
        .min(1)
        .max(2 ** 22),
      /** As the process calls itself: any text. Show it escaped. */
      command: z.string().max(128),
      user: z.string().max(32),
    })
    .nullable(),
});

/** What listens in a guest. */
export const guestPorts = z.strictObject({ ports: z.array(guestPort).max(MOST_PORTS), complete: z.boolean() });
export type GuestPorts = z.output<typeof guestPorts>;
