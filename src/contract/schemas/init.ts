/** Who is PID 1 of a guest. */
import { z } from "zod";

/** The agent's own program, one that a distribution's image has, or whatever the image has where the kernel itself would look. */
export const GUEST_INITS = ["agent", "systemd", "openrc", "runit", "s6", "busybox", "image"] as const;
export const guestInit = z.enum(GUEST_INITS);
export type GuestInit = z.output<typeof guestInit>;

/** As the subject of a sentence. */
export function nameOfInit(init: GuestInit): string {
  if (init === "agent") return "the agent";
  return init === "image" ? "the image's init" : init;
}
