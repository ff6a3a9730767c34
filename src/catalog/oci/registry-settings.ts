/** What the config says of registries: `[registries."docker.io"]`. */
import { z } from "zod";
import { parseOciReference } from "./oci-reference.ts";

/** A host, with a port or without. */
const host = z.string().refine((text) => {
  try {
    return parseOciReference(`oci://${text}/x`).host === text;
  } catch {
    return false;
  }
}, "a registry is a host, with its port where it has one: docker.io, reg.example:5000");

const settings = z.strictObject({
  /** Asked before it, in this order. */
  mirrors: z.array(host).min(1).max(8).optional(),
  /** Without encryption: who is on the way sees and changes everything but what a digest holds. */
  plain_http: z.boolean().optional(),
});

export const registrySettings = z
  .record(host, settings)
  .refine((all) => Object.keys(all).length <= 64, "there are more than 64 registries");
export type RegistrySettings = z.output<typeof registrySettings>;
