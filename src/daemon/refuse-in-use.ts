import { BangerError } from "../contract/errors.ts";
import type { Vms } from "../vms/vms.ts";

/** Throws `refused` when a vm holds this image or kernel. */
export function refuseInUse(vms: Pick<Vms, "usersOf">, what: "image" | "kernel", name: string, verb = "delete"): void {
  const users = vms.usersOf(what, name);
  if (users.length === 0) return;
  const holders = users.join(", ");
  throw new BangerError(
    "refused",
    `${what}_in_use`,
    `cannot ${verb} ${what} ${name}: ${users.length === 1 ? "vm" : "vms"} ${holders} ${users.length === 1 ? "holds" : "hold"} it`,
    {
      hint: `banger rm ${users.join(" ")}`,
      data: { usedBy: [...users] },
    },
  );
}
