import { BangerError } from "../contract/errors.ts";
import type { Vms } from "../vms/vms.ts";

/** Throws when a vm uses an image that another is to take the place of. @param besides a vm that is gone in a moment. */
export function requireUnused(vms: Pick<Vms, "usersOf">, image: string, besides?: string): void {
  const users = vms.usersOf("image", image).filter((name) => name !== besides);
  if (users.length === 0) return;
  throw new BangerError("refused", "image_in_use", `cannot replace image ${image}: used by ${users.join(", ")}`, {
    hint: `banger rm ${users.join(" ")}, or another name`,
  });
}
